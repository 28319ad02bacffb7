// See idle_watch.h.
#include "fuse/idle_watch.h"

#include <condition_variable>
#include <mutex>
#include <utility>

namespace xaas {
namespace {

// Returns whether `until` has come. Otherwise `stop` was requested.
bool wait_until(Activity::Clock::time_point until, const std::stop_token& stop) {
  std::mutex mutex;
  std::unique_lock lock(mutex);
  std::condition_variable_any never_notified;
  never_notified.wait_until(lock, stop, until, [] { return false; });
  return !stop.stop_requested();
}

}  // namespace

IdleWatch::IdleWatch(const Activity& activity, std::chrono::seconds limit, std::function<bool()> try_to_unmount)
    : thread_([&activity, limit, try_to_unmount = std::move(try_to_unmount)](const std::stop_token& stop) {
        auto due = activity.last() + limit;
        while (wait_until(due, stop)) {
          const auto now = Activity::Clock::now();
          due = activity.last() + limit;
          if (due > now) continue;
          if (try_to_unmount()) return;
          due = now + limit;
        }
      }) {}

}  // namespace xaas
