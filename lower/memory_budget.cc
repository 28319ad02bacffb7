// See memory_budget.h.
#include "lower/memory_budget.h"

#include <algorithm>
#include <numeric>

namespace xaas {
namespace {

// Bytes, fitted to spec/measurements.md, "Memory of lowering".
constexpr std::uint64_t kWorker = 64ULL << 20;     // the program, LLVM's tables, the libraries of the link
constexpr std::uint64_t kPerBitcodeByte = 9;       // for the files, summaries and objects of all modules
constexpr std::uint64_t kPerThread = 24ULL << 20;  // without the module in work
constexpr std::uint64_t kPerModuleByte = 50;       // for the module in work and what is imported into it

}  // namespace

std::uint64_t estimated_memory(std::span<const std::uint64_t> modules, unsigned threads) {
  const std::uint64_t all = std::accumulate(modules.begin(), modules.end(), std::uint64_t{0});
  const std::uint64_t largest = modules.empty() ? 0 : std::ranges::max(modules);
  return kWorker + kPerBitcodeByte * all + threads * (kPerThread + kPerModuleByte * largest);
}

unsigned threads_within(std::uint64_t limit, std::span<const std::uint64_t> modules, unsigned threads) {
  while (threads > 1 && estimated_memory(modules, threads) > limit) --threads;
  return threads;
}

MemoryBudget::Share MemoryBudget::take(std::uint64_t bytes, const std::stop_token& stop) {
  bytes = std::min(bytes, bytes_);
  std::unique_lock lock(mutex_);
  const auto self = queue_.insert(queue_.end(), bytes);
  // Callers are served in order. Otherwise a caller that needs much could wait without end while others pass it.
  changed_.wait(lock, stop, [&] { return self == queue_.begin() && taken_ + bytes <= bytes_; });
  queue_.erase(self);
  taken_ += bytes;
  changed_.notify_all();
  return {*this, bytes};
}

std::size_t MemoryBudget::waiting() const {
  const std::lock_guard lock(mutex_);
  return queue_.size();
}

MemoryBudget::Share::~Share() {
  const std::lock_guard lock(budget_.mutex_);
  budget_.taken_ -= bytes_;
  budget_.changed_.notify_all();
}

}  // namespace xaas
