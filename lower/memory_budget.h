// Memory that lowering may take: what one job needs with so many threads, and a budget that jobs at the same time
// share. Implements spec/lowering.md, "Memory".
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <list>
#include <mutex>
#include <span>
#include <stop_token>

namespace xaas {

// Bytes that a worker may need for modules of these sizes, in bytes of bitcode, `threads` of them at a time. An
// estimate, rather too high: see spec/lowering.md for the measurements behind it.
std::uint64_t estimated_memory(std::span<const std::uint64_t> modules, unsigned threads);

// The most threads, from 1 to `threads`, with which that is within `limit` bytes; 1 where no number is.
unsigned threads_within(std::uint64_t limit, std::span<const std::uint64_t> modules, unsigned threads);

// Thread-safe.
class MemoryBudget {
 public:
  explicit MemoryBudget(std::uint64_t bytes) : bytes_(bytes) {}

  // A part of the budget, given back on destruction.
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
  // Blocks until everybody who came before has a share, and so much is left, or nobody else has one: what is more than
  // all gets all. Returns at once when `stop` is requested.
  [[nodiscard]] Share take(std::uint64_t bytes, const std::stop_token& stop);
  // How many wait in take().
  std::size_t waiting() const;

 private:
  const std::uint64_t bytes_;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::uint64_t taken_ = 0;
  std::list<std::uint64_t> queue_;  // bytes that are waited for, in the order of those who wait
};

}  // namespace xaas
