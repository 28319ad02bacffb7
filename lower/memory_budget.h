// Memory that lowering may use: an estimate of what one job needs with a number of threads, and a budget that
// concurrent jobs share. Implements spec/lowering.md, "Memory".
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <list>
#include <mutex>
#include <span>
#include <stop_token>

namespace xaas {

// Estimates the bytes of memory that a worker needs. `modules` are sizes in bytes of bitcode, and `threads` of the
// modules are in work at a time. The estimate is rather too high. It is fitted to spec/measurements.md, "Memory of
// lowering".
std::uint64_t estimated_memory(std::span<const std::uint64_t> modules, unsigned threads);

// The largest number of threads, from 1 to `threads`, for which the estimate is within `limit` bytes; 1 if none is.
unsigned threads_within(std::uint64_t limit, std::span<const std::uint64_t> modules, unsigned threads);

// Thread-safe.
class MemoryBudget {
 public:
  explicit MemoryBudget(std::uint64_t bytes) : bytes_(bytes) {}

  // A part of the budget. The destructor gives it back.
  class Share {
   public:
    Share(MemoryBudget& budget, std::uint64_t bytes) : budget_(budget), bytes_(bytes) {}
    Share(const Share&) = delete;
    Share& operator=(const Share&) = delete;
    ~Share();

   private:
    MemoryBudget& budget_;
    std::uint64_t bytes_;
  };

  std::uint64_t bytes() const { return bytes_; }
  // Takes `bytes` from the budget. Blocks until every earlier caller has its share and `bytes` are left. A request for
  // more than the whole budget takes the whole budget. Returns at once when `stop` is requested.
  [[nodiscard]] Share take(std::uint64_t bytes, const std::stop_token& stop);
  // The number of callers that wait in take().
  std::size_t waiting() const;

 private:
  const std::uint64_t bytes_;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::uint64_t taken_ = 0;
  std::list<std::uint64_t> queue_;  // bytes that callers wait for, the first caller first
};

}  // namespace xaas
