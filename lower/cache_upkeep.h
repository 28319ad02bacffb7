// Looking after a cache as a whole: how large it is, whether its entries are sound, removing them. Implements
// spec/cache.md, section "Upkeep".
#pragma once

#include <chrono>
#include <cstdint>

#include "format/base/error.h"
#include "lower/cache.h"

namespace xaas {

struct CacheUsage {
  std::uint64_t entries = 0;     // lowered files
  std::uint64_t modules = 0;     // objects of a ModuleStore
  std::uint64_t bytes = 0;       // of both on disk
  std::uint64_t broken = 0;      // of both; removed
  std::uint64_t unreadable = 0;  // of both: another user's, being made, or on a failing disk; left alone
};

// What the cache holds. Nothing is read but directories.
Result<CacheUsage> measure_cache(const Cache& cache);
// Checks every entry and every module by its digest; broken ones are removed.
Result<CacheUsage> verify_cache(const Cache& cache);
// Removes all, and scratch directories that a killed process left a day ago or earlier. Returns what was removed.
Result<CacheUsage> clear_cache(const Cache& cache);

// How much a cache may hold.
struct CacheLimits {
  std::uint64_t bytes = 20ULL << 30;      // on disk
  std::chrono::seconds age{90 * 86400};   // since it was last used
  double free_share = 0.05;               // of the disk, that stays free for others,
  std::uint64_t most_free = 10ULL << 30;  // but no more bytes than this
  std::chrono::seconds spared{0};         // what was used so lately stays in any case
};
// The default ones, with $XAAS_CACHE_SIZE, as parse_bytes() reads it, in the place of `bytes`; one that is none is
// passed over.
CacheLimits default_limits();
// Removes what has not been used for longest, until the rest is within `limits`; modules of one scope go together. What
// is to be free does not count where the whole cache would not be enough for it. Also scratch directories, as
// clear_cache() does. Returns what was removed. Files that are open stay so.
Result<CacheUsage> prune_cache(const Cache& cache, const CacheLimits& limits);
// Whether it is time to prune, because nobody has claimed that within the last hour; whoever gets true has claimed it.
bool claim_upkeep(const Cache& cache);
// What is to be done then: prunes with the default limits, and spares what was used within the last hour.
void do_upkeep(const Cache& cache);

}  // namespace xaas
