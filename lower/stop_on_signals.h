// Makes SIGINT and SIGTERM end work in an orderly way.
#pragma once

#include <csignal>
#include <stop_token>
#include <thread>

namespace xaas {

// Requests a stop when SIGINT or SIGTERM arrives. A thread waits for the signals, because a handler may do little.
// Threads that were made before this object must have the signals blocked. One object at a time.
class StopOnSignals {
 public:
  StopOnSignals();
  StopOnSignals(const StopOnSignals&) = delete;
  StopOnSignals& operator=(const StopOnSignals&) = delete;
  ~StopOnSignals();

  std::stop_token token() const { return stop_.get_token(); }

 private:
  void wait(const std::stop_token& over);

  sigset_t signals_{};
  std::stop_source stop_;
  std::jthread waiter_;  // must be the last member, because it uses the others
};

}  // namespace xaas
