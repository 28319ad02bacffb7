// A few threads that work through a queue.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace xaas {

// Thread-safe.
class JobPool {
 public:
  explicit JobPool(unsigned threads);
  ~JobPool();  // calls stop()
  JobPool(const JobPool&) = delete;
  JobPool& operator=(const JobPool&) = delete;

  // Jobs start in the order in which they were submitted. After stop() they are dropped.
  void submit(std::function<void()> job);
  // Drops the jobs that wait, and returns when the running jobs have ended.
  void stop();

 private:
  void work();

  std::mutex queue_mutex_;
  std::condition_variable queue_changed_;
  std::deque<std::function<void()>> queue_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace xaas
