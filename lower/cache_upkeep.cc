// Walks the directories of a cache; see cache_upkeep.h.
#include "lower/cache_upkeep.h"

#include <sys/stat.h>

#include <chrono>
#include <functional>
#include <string>
#include <system_error>
#include <vector>

namespace xaas {
namespace fs = std::filesystem;
namespace {

constexpr std::uint64_t kStatBlock = 512;
constexpr std::chrono::hours kLongestWork(24);  // of one worker, and more

// Calls `visit` with every file of the cache's entries. A cache that does not exist has none.
Status for_each_file(const Cache& cache, const std::function<void(const fs::path&)>& visit) {
  std::error_code error;
  const fs::path root = cache.directory() / kCacheEntries;
  fs::recursive_directory_iterator entry(root, fs::directory_options::none, error);
  if (error == std::errc::no_such_file_or_directory) return {};
  for (; !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    if (entry->is_regular_file(error)) visit(entry->path());
  }
  if (error) return fail(Code::io, "cannot read {}: {}", root.string(), error.message());
  return {};
}

std::uint64_t disk_bytes(const fs::path& path) {
  struct stat status{};
  if (lstat(path.c_str(), &status) != 0) return 0;
  return static_cast<std::uint64_t>(status.st_blocks) * kStatBlock;
}

void count(const fs::path& path, CacheUsage& usage) {
  usage.bytes += disk_bytes(path);
  if (path.extension() == ".json") ++usage.entries;
}

void remove_old_scratch(const Cache& cache) {
  std::error_code error;
  const auto old = fs::file_time_type::clock::now() - kLongestWork;
  for (const fs::directory_entry& entry : fs::directory_iterator(cache.directory() / kCacheScratch, error)) {
    std::error_code unreadable;
    if (entry.last_write_time(unreadable) < old && !unreadable) remove_tree(entry.path());
  }
}

}  // namespace

Result<CacheUsage> measure_cache(const Cache& cache) {
  CacheUsage usage;
  XAAS_TRY(for_each_file(cache, [&](const fs::path& path) { count(path, usage); }));
  return usage;
}

Result<CacheUsage> verify_cache(const Cache& cache) {
  std::vector<fs::path> records;
  XAAS_TRY(for_each_file(cache, [&](const fs::path& path) {
    if (path.extension() == ".json") records.push_back(path);
  }));
  CacheUsage usage;
  for (const fs::path& record : records) {
    const auto key = Digest::parse("sha256:" + record.stem().string());
    if (!key) continue;
    ++usage.entries;
    usage.bytes += disk_bytes(cache.data_path(*key));
    if (cache.find(*key)) continue;
    std::error_code error;
    fs::exists(record, error) ? ++usage.unreadable : ++usage.broken;
  }
  return usage;
}

Result<CacheUsage> clear_cache(const Cache& cache) {
  CacheUsage usage;
  std::vector<fs::path> files;
  XAAS_TRY(for_each_file(cache, [&](const fs::path& path) { files.push_back(path); }));
  std::error_code error;
  for (const fs::path& path : files) {
    count(path, usage);
    fs::remove(path, error);
    if (error) return fail(Code::io, "cannot remove {}: {}", path.string(), error.message());
  }
  remove_old_scratch(cache);
  return usage;
}

}  // namespace xaas
