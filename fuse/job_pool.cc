// See job_pool.h.
#include "fuse/job_pool.h"

#include <sys/resource.h>

#include <utility>

namespace xaas {

JobPool::~JobPool() { stop(); }

void JobPool::submit(std::function<void()> job) {
  {
    const std::lock_guard lock(queue_mutex_);
    if (stopping_) return;
    queue_.push_back(std::move(job));
    if (idle_ < queue_.size() && threads_.size() < most_threads_) threads_.emplace_back([this] { work(); });
  }
  queue_changed_.notify_one();
}

void JobPool::stop() {
  {
    const std::lock_guard lock(queue_mutex_);
    stopping_ = true;
    queue_.clear();
  }
  queue_changed_.notify_all();
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

void JobPool::work() {
  if (niceness_ != 0) ::setpriority(PRIO_PROCESS, 0, ::getpriority(PRIO_PROCESS, 0) + niceness_);  // of this thread
  std::unique_lock lock(queue_mutex_);
  while (true) {
    ++idle_;
    queue_changed_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    --idle_;
    if (stopping_) return;
    std::function<void()> job = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    job();
    job = nullptr;  // what it holds is released outside the lock
    lock.lock();
  }
}

}  // namespace xaas
