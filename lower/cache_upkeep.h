// Upkeep of a whole cache: measures its size, checks that its entries are sound, and removes entries. Implements
// spec/cache.md, section "Upkeep".
#pragma once

#include <chrono>
#include <cstdint>

#include "format/base/error.h"
#include "lower/cache.h"

namespace xaas {

struct CacheUsage {
  std::uint64_t entries = 0;     // lowered files
  std::uint64_t modules = 0;     // files of a ModuleStore
  std::uint64_t bytes = 0;       // on disk, of entries and modules
  std::uint64_t broken = 0;      // broken entries and modules, which were removed
  std::uint64_t unreadable = 0;  // those left alone: another user's, being made, or on a failing disk
};

// Counts what the cache holds. Reads directories only, and no file's content.
Result<CacheUsage> measure_cache(const Cache& cache);
// Checks every entry and every module by its digest. Removes the broken ones.
Result<CacheUsage> verify_cache(const Cache& cache);
// Removes all entries and modules. Also removes scratch directories that a killed process left a day ago or earlier.
// Returns what it removed.
Result<CacheUsage> clear_cache(const Cache& cache);

// Limits on what a cache may hold.
struct CacheLimits {
  std::uint64_t bytes = 20ULL << 30;      // on disk
  std::chrono::seconds age{90 * 86400};   // time since the last use
  double free_share = 0.05;               // share of the disk that stays free for others
  std::uint64_t most_free = 10ULL << 30;  // bytes; the most that `free_share` keeps free
  std::chrono::seconds spared{0};         // an item that was used within this time stays in any case
};
// The default limits. $XAAS_CACHE_SIZE, as parse_bytes() reads it, replaces `bytes`. A value that parse_bytes() refuses
// is ignored.
CacheLimits default_limits();
// Removes the least recently used items until the rest is within `limits`. An item is an entry, or all modules of one
// scope. If removing the whole cache would not free `free_share` of the disk, that limit does not count. Also removes
// old scratch directories, as clear_cache() does. Returns what it removed. A removed file that a process has open stays
// usable for that process.
Result<CacheUsage> prune_cache(const Cache& cache, const CacheLimits& limits);
// Returns true if no process has claimed the upkeep within the last hour. The caller then has claimed it, and prunes
// the cache.
bool claim_upkeep(const Cache& cache);
// Does the upkeep that claim_upkeep() grants: prunes with the default limits, and spares everything that was used
// within the last hour.
void do_upkeep(const Cache& cache);

}  // namespace xaas
