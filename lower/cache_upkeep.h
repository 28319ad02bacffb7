// Looking after a cache as a whole: how large it is, whether its entries are sound, removing them. Implements
// spec/cache.md, section "Upkeep".
#pragma once

#include <cstdint>

#include "format/error.h"
#include "lower/cache.h"

namespace xaas {

struct CacheUsage {
  std::uint64_t entries = 0;
  std::uint64_t bytes = 0;       // on disk
  std::uint64_t broken = 0;      // of them; removed
  std::uint64_t unreadable = 0;  // of them: another user's, being made, or on a failing disk; left alone
};

// What the cache holds. Nothing is read but directories.
Result<CacheUsage> measure_cache(const Cache& cache);
// Checks every entry by its digest; broken ones are removed.
Result<CacheUsage> verify_cache(const Cache& cache);
// Removes every entry, and scratch directories that a killed process left a day ago or earlier. Returns what was
// removed.
Result<CacheUsage> clear_cache(const Cache& cache);

}  // namespace xaas
