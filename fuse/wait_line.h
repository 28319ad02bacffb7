// Tells who waits at a terminal which file is being lowered, and how far that is. Implements spec/mount.md, "Life of a
// mount".
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "fuse/lazy_file.h"

namespace xaas {

// The line about the file for which somebody has waited longest. Empty if nobody has waited for a second.
std::string wait_text(const std::vector<LazyReport>& files);

struct WaitLineHooks {
  std::function<std::vector<LazyReport>()> reports;
  std::function<void(const std::string& text)> draw;  // in place of the text before
  std::function<void()> erase;
};

// Thread-safe. All hooks are called from any thread; `draw` and `erase` one at a time.
class WaitLine {
 public:
  explicit WaitLine(WaitLineHooks hooks);
  ~WaitLine();  // calls stop()
  WaitLine(const WaitLine&) = delete;
  WaitLine& operator=(const WaitLine&) = delete;

  // A read begins to wait.
  void wake();
  // Reads that waited are answered next. What was drawn is gone when this returns, so it does not mix with what a
  // program prints then. If others still wait, it comes back a moment later.
  void clear();
  // No hook is called from then on.
  void stop();

 private:
  void run(const std::stop_token& stop);
  void show(const std::vector<LazyReport>& files);

  const WaitLineHooks hooks_;
  std::mutex mutex_;  // guards the members below
  std::condition_variable_any changed_;
  bool is_waiting_ = false;  // whether somebody may be waiting
  std::string drawn_;
  std::uint64_t changes_ = 0;  // of what reports() says; an older report is not drawn
  std::jthread thread_;        // must be the last member, because it uses the others
};

}  // namespace xaas
