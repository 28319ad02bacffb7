// A few threads that work through a queue.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace xaas {

// Thread-safe. A thread starts when it is first needed.
class JobPool {
 public:
  // At most `threads` jobs run at a time, with a nice value that is `niceness` above that of the process.
  explicit JobPool(unsigned threads, int niceness = 0) : most_threads_(threads), niceness_(niceness) {}
  ~JobPool();  // calls stop()
  JobPool(const JobPool&) = delete;
  JobPool& operator=(const JobPool&) = delete;

  // Jobs start in the order in which they were submitted. After stop() they are dropped.
  void submit(std::function<void()> job);
  // Drops the jobs that wait, and returns when the running jobs have ended.
  void stop();

 private:
  void work();

  const unsigned most_threads_;
  const int niceness_;
  std::mutex queue_mutex_;  // guards the members below
  std::condition_variable queue_changed_;
  std::deque<std::function<void()>> queue_;
  std::size_t idle_ = 0;  // threads that wait for a job
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace xaas
