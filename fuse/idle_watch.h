// Unmounts a mount that nobody has used for a while. Implements spec/mount.md, "Options", idle.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <thread>

namespace xaas {

// When the kernel last asked for something. Thread-safe.
class Activity {
 public:
  using Clock = std::chrono::steady_clock;
  void note() { last_.store(Clock::now().time_since_epoch().count(), std::memory_order_relaxed); }
  Clock::time_point last() const { return Clock::time_point(Clock::duration(last_.load(std::memory_order_relaxed))); }

 private:
  std::atomic<Clock::rep> last_{Clock::now().time_since_epoch().count()};
};

// A thread that calls `try_to_unmount` once nothing was asked for `limit`. If that returns false, somebody still uses
// the mount, and the thread tries again when `limit` has passed once more. The destructor ends the thread.
class IdleWatch {
 public:
  IdleWatch(const Activity& activity, std::chrono::seconds limit, std::function<bool()> try_to_unmount);

 private:
  std::jthread thread_;
};

}  // namespace xaas
