// The signals that end a mount: HUP, INT and TERM. They are blocked in every thread but taken by one that does nothing
// else, so that ending may wait and take locks, and so that it does not matter whether they were inherited as ignored
// or blocked. Implements spec/mount.md, "Life of a mount".
#pragma once

#include <atomic>
#include <functional>
#include <thread>

namespace xaas {

// Blocks the signals in this thread and in those that it starts from now on, whatever was inherited; from now on they
// are kept for EndingSignals. A log that nobody reads any more (SIGPIPE) ends nothing. REQUIRES: one thread.
void prepare_signals();

// Calls `end` once, in a thread of its own, when the first of the signals comes. REQUIRES: prepare_signals().
class EndingSignals {
 public:
  explicit EndingSignals(std::function<void()> end);
  ~EndingSignals();  // waits for `end` if it has been called
  EndingSignals(const EndingSignals&) = delete;
  EndingSignals& operator=(const EndingSignals&) = delete;

 private:
  std::atomic<bool> over_{false};
  std::thread thread_;
};

}  // namespace xaas
