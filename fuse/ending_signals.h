// The signals that end a mount: HUP, INT and TERM. They are blocked in every thread except one, which does nothing but
// take them. So ending may wait and take locks. It does not matter whether the process inherited the signals as ignored
// or blocked. Implements spec/mount.md, "Life of a mount".
#pragma once

#include <atomic>
#include <functional>
#include <thread>

namespace xaas {

// Blocks the signals in this thread and in the threads that it starts from now on, whatever the process inherited. From
// now on they are kept for EndingSignals. Ignores SIGPIPE, so that a log that nobody reads any more ends nothing.
// REQUIRES: this process has one thread.
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
