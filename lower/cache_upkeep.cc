// Walks the directories of a cache; see cache_upkeep.h.
#include "lower/cache_upkeep.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <map>
#include <string>
#include <system_error>
#include <vector>

#include "format/base/file.h"
#include "format/base/text.h"
#include "lower/add_on.h"
#include "lower/module_pack.h"

namespace xaas {
namespace fs = std::filesystem;
namespace {

constexpr std::uint64_t kStatBlock = 512;
constexpr std::chrono::hours kLongestWork(24);  // longer than any worker runs
constexpr std::chrono::hours kUpkeepInterval(1);

using Visit = std::function<void(const fs::path&)>;

Status for_each_file_below(const fs::path& root, const Visit& visit) {
  std::error_code error;
  fs::recursive_directory_iterator entry(root, fs::directory_options::none, error);
  if (error == std::errc::no_such_file_or_directory) return {};
  for (; !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    if (entry->is_regular_file(error)) visit(entry->path());
    // Another process may remove a file at the same time.
    if (error == std::errc::no_such_file_or_directory) error.clear();
  }
  if (error) return fail(Code::io, "cannot read {}: {}", root.string(), error.message());
  return {};
}

// Calls `visit` with every file of the cache's entries and modules. A cache that does not exist has no files.
Status for_each_file(const Cache& cache, const Visit& visit) {
  for (const char* part : {kCacheEntries, kCacheModules, kCacheAddOns}) {
    XAAS_TRY(for_each_file_below(cache.directory() / part, visit));
  }
  return {};
}

std::uint64_t disk_bytes(const fs::path& path) {
  struct stat status{};
  if (lstat(path.c_str(), &status) != 0) return 0;
  return static_cast<std::uint64_t>(status.st_blocks) * kStatBlock;
}

bool is_record(const fs::path& path) { return path.extension() == kRecordSuffix; }

void count(const fs::path& path, CacheUsage& usage) {
  usage.bytes += disk_bytes(path);
  if (is_record(path)) ++usage.entries;
  if (!is_pack(path)) return;
  const auto pack = ModulePack::open(path);
  if (pack) usage.modules += pack->modules().size();
}

enum class PackState { sound, broken, unreadable };

PackState check_pack(const fs::path& path) {
  const auto state_of = [](const Error& error) {
    return error.code == Code::invalid ? PackState::broken : PackState::unreadable;
  };
  const auto pack = ModulePack::open(path);
  if (!pack) return state_of(pack.error());
  for (const PackedModule& module : pack->modules()) {
    if (const auto bytes = pack->read(module); !bytes) return state_of(bytes.error());
  }
  return PackState::sound;
}

void remove_old_scratch(const Cache& cache) {
  std::error_code error;
  const auto old = fs::file_time_type::clock::now() - kLongestWork;
  fs::directory_iterator entry(cache.directory() / kCacheScratch, error);
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    std::error_code unreadable;
    if (entry->last_write_time(unreadable) < old && !unreadable) remove_tree(entry->path());
  }
}

// Removes empty directories of entries, modules and add-ons. A process that needs one makes it again.
void remove_empty_directories(const Cache& cache) {
  for (const char* part : {kCacheEntries, kCacheModules, kCacheAddOns}) {
    std::error_code error;
    fs::directory_iterator entry(cache.directory() / part, error);
    for (; !error && entry != fs::directory_iterator(); entry.increment(error)) rmdir(entry->path().c_str());
  }
}

// The unit of removal: the files of an entry, or a scope of modules.
struct Item {
  std::int64_t used = 0;  // seconds since 1970
  std::uint64_t bytes = 0;
  std::vector<fs::path> files;
};

std::int64_t modified(const fs::path& path) {
  struct stat status{};
  return lstat(path.c_str(), &status) == 0 ? status.st_mtim.tv_sec : 0;
}

// A past moment, in seconds since 1970.
std::int64_t seconds_ago(std::chrono::seconds ago) {
  const auto moment = std::chrono::system_clock::now().time_since_epoch() - ago;
  return std::chrono::duration_cast<std::chrono::seconds>(moment).count();
}

// The file whose modification time is that of the last upkeep by any process.
fs::path stamp_of(const Cache& cache) { return cache.directory() / "upkeep"; }

// The items of the cache, the least recently used first.
Result<std::vector<Item>> items_of(const Cache& cache) {
  std::map<fs::path, Item> items;
  XAAS_TRY(for_each_file(cache, [&](const fs::path& path) {
    if (path.extension() == ".lock" || path.extension() == ".lease") return;
    // A use sets the modification time of the record, or of the directory that holds a scope's modules.
    const bool is_of_scope = is_pack(path);
    Item& item = items[is_of_scope ? path.parent_path() : fs::path(path).replace_extension()];
    item.used = std::max(item.used, modified(is_of_scope ? path.parent_path() : path));
    item.bytes += disk_bytes(path);
    item.files.push_back(path);
  }));
  std::vector<Item> sorted;
  for (auto& [name, item] : items) sorted.push_back(std::move(item));
  std::ranges::sort(sorted, {}, &Item::used);
  return sorted;
}

// The record is removed first, because without it there is no entry.
void remove_item(Item& item, CacheUsage& removed) {
  std::ranges::sort(item.files, {}, [](const fs::path& path) { return !is_record(path); });
  for (const fs::path& file : item.files) {
    CacheUsage counted = removed;
    count(file, counted);
    if (unlink(file.c_str()) == 0) removed = counted;
  }
  // For modules this removes the scope's directory. Any other directory is not empty, or is made again when needed.
  rmdir(item.files.front().parent_path().c_str());
}

// The number of bytes that are missing for the free space that `limits` asks for.
std::uint64_t lacking_bytes(const fs::path& directory, const CacheLimits& limits) {
  std::error_code error;
  const fs::space_info space = fs::space(directory, error);
  if (error) return 0;
  const auto share = static_cast<std::uint64_t>(static_cast<double>(space.capacity) * limits.free_share);
  const std::uint64_t wanted = std::min(share, limits.most_free);
  return wanted > space.available ? wanted - space.available : 0;
}

bool is_of_add_on(const Cache& cache, const fs::path& file) {
  return file.parent_path().parent_path() == cache.directory() / kCacheAddOns;
}

// Removes an add-on that is broken, and its record.
void verify_add_on(const fs::path& record, CacheUsage& usage) {
  ++usage.entries;
  const auto add_on = load_add_on(record);
  usage.bytes += add_on ? disk_bytes(add_on->file) : 0;
  const Status sound = add_on ? check_content(*add_on) : tl::unexpected(add_on.error());
  if (sound) return;
  if (sound.error().code != Code::invalid) {
    ++usage.unreadable;
    return;
  }
  remove_add_on(record);
  ++usage.broken;
}

}  // namespace

Result<CacheUsage> measure_cache(const Cache& cache) {
  CacheUsage usage;
  XAAS_TRY(for_each_file(cache, [&](const fs::path& path) { count(path, usage); }));
  return usage;
}

Result<CacheUsage> verify_cache(const Cache& cache) {
  std::vector<fs::path> records;
  std::vector<fs::path> packs;
  XAAS_TRY(for_each_file(cache, [&](const fs::path& path) {
    if (is_record(path)) records.push_back(path);
    if (is_pack(path)) packs.push_back(path);
  }));
  CacheUsage usage;
  for (const fs::path& pack : packs) {
    count(pack, usage);
    const PackState state = check_pack(pack);
    if (state == PackState::unreadable) ++usage.unreadable;
    if (state == PackState::broken && unlink(pack.c_str()) == 0) ++usage.broken;
  }
  for (const fs::path& record : records) {
    const auto key = Digest::parse("sha256:" + record.stem().string());
    if (!key) continue;
    if (is_of_add_on(cache, record)) {
      verify_add_on(record, usage);
      continue;
    }
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
  remove_empty_directories(cache);
  remove_old_scratch(cache);
  return usage;
}

CacheLimits default_limits() {
  CacheLimits limits;
  const char* text = std::getenv("XAAS_CACHE_SIZE");  // NOLINT(concurrency-mt-unsafe): nothing here changes it
  if (text != nullptr) limits.bytes = parse_bytes(text).value_or(limits.bytes);
  return limits;
}

Result<CacheUsage> prune_cache(const Cache& cache, const CacheLimits& limits) {
  XAAS_ASSIGN(std::vector<Item> items, items_of(cache));
  std::uint64_t total = 0;
  for (const Item& item : items) total += item.bytes;
  std::uint64_t excess = total > limits.bytes ? total - limits.bytes : 0;
  const std::uint64_t lacking = lacking_bytes(cache.directory(), limits);
  if (lacking <= total) excess = std::max(excess, lacking);
  const std::int64_t oldest = seconds_ago(limits.age);
  const std::int64_t latest = seconds_ago(limits.spared);
  CacheUsage removed;
  for (Item& item : items) {
    if (item.used > latest || (item.used >= oldest && removed.bytes >= excess)) break;
    remove_item(item, removed);
  }
  remove_old_scratch(cache);
  return removed;
}

bool claim_upkeep(const Cache& cache) {
  const fs::path stamp = stamp_of(cache);
  if (!cache.writable() || modified(stamp) > seconds_ago(kUpkeepInterval)) return false;
  const Fd file(open(stamp.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  return file.valid() && futimens(file.get(), nullptr) == 0;
}

void do_upkeep(const Cache& cache) {
  CacheLimits limits = default_limits();
  limits.spared = kUpkeepInterval;
  static_cast<void>(prune_cache(cache, limits));
}

}  // namespace xaas
