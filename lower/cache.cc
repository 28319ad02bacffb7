// The cache on disk. Implements spec/cache.md: the record is written last, so an entry exists if its record does.
#include "lower/cache.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <sstream>
#include <string_view>
#include <utility>
#include <vector>

#include "format/base/json_fields.h"
#include "format/base/pause.h"

namespace xaas {
namespace fs = std::filesystem;
namespace {

constexpr int kRecordVersion = 1;
constexpr std::uint64_t kRecordLimit = 64 << 10;

std::string environment(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nothing here changes the environment
  return value == nullptr ? "" : value;
}

fs::path default_directory() {
  if (const std::string own = environment("XAAS_CACHE"); !own.empty()) return own;
  if (const std::string base = environment("XDG_CACHE_HOME"); base.starts_with('/')) return fs::path(base) / "xaas";
  if (const std::string home = environment("HOME"); home.starts_with('/')) return fs::path(home) / ".cache" / "xaas";
  return {};
}

// Makes parent directories with the default mode, and the directory itself for this user only.
Status make_directory(const fs::path& directory) {
  std::error_code error;
  fs::create_directories(directory.parent_path(), error);
  if (mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) {
    return fail_errno(fmt::format("cannot make the cache directory {}", directory.string()));
  }
  return {};
}

// Whether only this user or root can have written the file.
bool is_private(const struct stat& status) {
  return (status.st_uid == geteuid() || status.st_uid == 0) && (status.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

// Checks that only this user or root can write the directory. A user who can rename its entries decides what is found.
Status check_trusted(const fs::path& directory) {
  struct stat status{};
  if (lstat(directory.c_str(), &status) != 0) return errno == ENOENT ? Status() : fail_errno(directory.string());
  if (S_ISDIR(status.st_mode) && is_private(status)) return {};
  return fail(Code::permission,
              "{} is not a directory that only this user can write: chmod go-w it, or set XAAS_CACHE to another",
              directory.string());
}

Status check_trusted_cache(const fs::path& directory) {
  for (const fs::path& part : {directory, directory / kCacheEntries, directory / kCacheModules,
                               directory / kCacheAddOns, directory / kCacheScratch}) {
    XAAS_TRY(check_trusted(part));
  }
  return {};
}

Status make_writable(const fs::path& directory) {
  if (directory.empty()) return fail(Code::not_found, "there is no place for a cache: set XAAS_CACHE or HOME");
  XAAS_TRY(make_directory(directory));
  for (const char* part : {kCacheEntries, kCacheModules, kCacheAddOns, kCacheScratch}) {
    XAAS_TRY(make_directory(directory / part));
    if (faccessat(AT_FDCWD, (directory / part).c_str(), W_OK | X_OK, AT_EACCESS) != 0) {
      return fail_errno(fmt::format("cannot write to the cache directory {}", (directory / part).string()));
    }
  }
  return {};
}

// Opens a regular file that only this user or root can have written.
Result<Fd> open_trusted(const fs::path& path, struct stat& status) {
  Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!fd.valid() || fstat(fd.get(), &status) != 0) return fail_errno(path.string());
  if (!S_ISREG(status.st_mode) || !is_private(status)) {
    return fail(Code::permission, "{} is not a file that only this user can write", path.string());
  }
  return fd;
}

std::string to_json(const Digest& key, const CacheRecord& record) {
  return dump_json({{"version", kRecordVersion},
                    {"key", key.to_string()},
                    {"sha256", record.sha256.to_string()},
                    {"size", record.size},
                    {"path", record.path},
                    {"image", record.image},
                    {"cpu", record.cpu},
                    {"seconds", record.seconds}}) +
         "\n";
}

Result<CacheRecord> parse_record(std::string_view text, const Digest& key) {
  XAAS_ASSIGN(const Json json, parse_json(text, "cache record"));
  XAAS_ASSIGN(const JsonObject object, JsonObject::of(json, "cache record"));
  XAAS_TRY(object.integer("version", kRecordVersion, kRecordVersion));
  XAAS_ASSIGN(const Digest stated, object.digest("key"));
  if (stated != key) return fail(Code::invalid, "cache record of another key");
  CacheRecord record;
  XAAS_ASSIGN(record.sha256, object.digest("sha256"));
  XAAS_ASSIGN(const auto size, object.integer("size", 0));
  record.size = static_cast<std::uint64_t>(size);
  XAAS_ASSIGN(record.path, object.string("path"));
  XAAS_ASSIGN(record.image, object.string("image"));
  XAAS_ASSIGN(record.cpu, object.string("cpu"));
  XAAS_ASSIGN(record.seconds, object.number("seconds"));
  return record;
}

// Gives the file mode 0600 whatever the umask is, since an entry that others can write is not trusted.
Status commit_private(TempFile& file, const fs::path& target) {
  if (fchmod(file.fd(), 0600) != 0) return fail_errno(fmt::format("cannot change the mode of {}", target.string()));
  return file.commit(target);
}

Status write_record(const fs::path& target, std::string_view text) {
  XAAS_ASSIGN(TempFile file, TempFile::create(target.parent_path()));
  XAAS_TRY(write_all(file.fd(), text));
  return commit_private(file, target);
}

// Makes a network file system ask its server for what other machines have changed in a directory.
void see_changes(const fs::path& directory) {
  const Fd opened(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

enum class LockState { held, busy, unavailable };

LockState try_lock(int fd, int operation) {
  for (;;) {
    if (flock(fd, operation) == 0) return LockState::held;
    if (errno == EINTR) continue;
    return errno == EWOULDBLOCK ? LockState::busy : LockState::unavailable;
  }
}

// Only a signal wakes a thread out of flock(). So a thread that can be stopped tries the lock again and again, with
// growing pauses. A stop wakes it from a pause.
LockState wait_for_lock(int fd, const std::stop_token& stop) {
  if (!stop.stop_possible()) return try_lock(fd, LOCK_EX);
  constexpr std::chrono::milliseconds kLongest(500);
  for (std::chrono::milliseconds pause(10);; pause = std::min(2 * pause, kLongest)) {
    const LockState state = try_lock(fd, LOCK_EX | LOCK_NB);
    if (state != LockState::busy || stop.stop_requested()) return state;
    pause_for(pause, stop);
  }
}

}  // namespace

Result<Fd> open_trusted(const fs::path& path) {
  struct stat ignored{};
  return open_trusted(path, ignored);
}

// Removes the file while it is still locked. The process that gets the lock next sees that the file is gone, and tries
// again.
CacheLock::~CacheLock() {
  if (fd_.valid()) unlink(path_.c_str());
}

std::uint64_t available_bytes(const fs::path& directory) {
  std::error_code error;
  const fs::space_info space = fs::space(directory, error);
  return error ? 0 : space.available;
}

std::unique_ptr<Cache> Cache::open(fs::path directory) {
  std::unique_ptr<Cache> cache(new Cache);
  if (directory.empty()) directory = default_directory();
  std::error_code error;  // made absolute, because a server changes its working directory
  if (!directory.empty()) cache->directory_ = fs::weakly_canonical(fs::absolute(directory, error), error);
  cache->writable_ = make_writable(cache->directory_);
  if (cache->directory_.empty()) return cache;
  if (const Status trusted = check_trusted_cache(cache->directory_); !trusted) {
    cache->writable_ = trusted;
    cache->directory_.clear();
  }
  return cache;
}

std::vector<std::unique_ptr<Cache>> Cache::open_site_caches() {
  std::vector<std::unique_ptr<Cache>> caches;
  std::istringstream names(environment("XAAS_SITE_CACHES"));
  for (std::string name; std::getline(names, name, ':');) {
    std::error_code error;
    const fs::path directory = fs::canonical(name, error);
    if (error || !name.starts_with('/') || !check_trusted_cache(directory)) continue;
    std::unique_ptr<Cache> cache(new Cache);
    cache->directory_ = directory;
    cache->writable_ = fail(Code::permission, "{} is a site's cache, which is only read", directory.string());
    caches.push_back(std::move(cache));
  }
  return caches;
}

Status Cache::writable() const { return writable_; }

fs::path Cache::entry_path(const Digest& key, const char* suffix) const {
  const std::string name = key.hex();
  return directory_ / kCacheEntries / name.substr(0, 2) / (name + suffix);
}

fs::path Cache::data_path(const Digest& key) const { return entry_path(key, ".elf"); }

fs::path Cache::scratch_parent() const {
  std::error_code error;
  fs::path temporary = fs::temp_directory_path(error);
  if (error) temporary = "/tmp";
  if (!writable_) return temporary;
  fs::path own = directory_ / kCacheScratch;
  const std::uint64_t room = available_bytes(own);
  return room < kScratchRoom && available_bytes(temporary) > room ? temporary : own;
}

// A directory of entries may hold nothing but the lock of one that is being made.
bool Cache::is_empty() const {
  if (directory_.empty()) return true;
  std::error_code error;
  fs::recursive_directory_iterator file(directory_ / kCacheEntries, error);
  for (; !error && file != fs::recursive_directory_iterator(); file.increment(error)) {
    if (file->path().extension() == kRecordSuffix) return false;
  }
  return !error || error == std::errc::no_such_file_or_directory;
}

std::optional<CacheEntry> Cache::find(const Digest& key) const {
  if (directory_.empty()) return std::nullopt;
  auto entry = load(key);
  if (entry) return std::move(*entry);
  if (entry.error().code == Code::invalid && writable_) remove_broken(key);
  return std::nullopt;
}

Result<CacheEntry> Cache::load(const Digest& key) const {
  struct stat status{};
  XAAS_ASSIGN(const Fd record_file, open_trusted(entry_path(key, kRecordSuffix), status));
  XAAS_ASSIGN(const std::string text, read_fd(record_file.get(), kRecordLimit));
  CacheEntry entry;
  XAAS_ASSIGN(entry.record, parse_record(text, key));
  auto data = open_trusted(data_path(key), status);
  if (!data && data.error().code == Code::not_found) return fail(Code::invalid, "a cache record without its file");
  if (!data) return tl::unexpected(std::move(data.error()));
  entry.file = std::move(*data);
  XAAS_TRY(check_content(key, entry.file.get(), entry.record));
  // Records the use, for prune_cache().
  if (writable_) static_cast<void>(futimens(record_file.get(), nullptr));
  return entry;
}

Status Cache::check_content(const Digest& key, int fd, const CacheRecord& record) const {
  struct stat status{};
  if (fstat(fd, &status) != 0) return fail_errno("cannot stat a cache entry");
  const Version version{.device = status.st_dev,
                        .inode = status.st_ino,
                        .size = status.st_size,
                        .changed = status.st_ctim.tv_sec * 1'000'000'000LL + status.st_ctim.tv_nsec};
  {
    const std::lock_guard lock(verified_mutex_);
    const auto known = verified_.find(key);
    if (known != verified_.end() && known->second == version) return {};
  }
  if (static_cast<std::uint64_t>(status.st_size) < record.size)
    return fail(Code::invalid, "a cache entry is truncated");
  XAAS_ASSIGN(const Digest digest, Digest::of_file(fd, record.size));
  if (digest != record.sha256) return fail(Code::invalid, "a cache entry is damaged");
  const std::lock_guard lock(verified_mutex_);
  verified_[key] = version;
  return {};
}

void Cache::remove_broken(const Digest& key) const {
  const fs::path path = entry_path(key, ".lock");
  Fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  // A process that holds the lock is about to replace the entry, or has just done so.
  if (!fd.valid() || try_lock(fd.get(), LOCK_EX | LOCK_NB) == LockState::busy || !is_same_file(fd.get(), path)) return;
  const CacheLock lock(std::move(fd), path, nullptr);
  for (const char* suffix : {kRecordSuffix, ".elf"}) unlink(entry_path(key, suffix).c_str());
}

CacheLock Cache::lock(const Digest& key, const std::stop_token& stop) const {
  if (!writable_) return {};
  fs::path path = entry_path(key, ".lock");
  mkdir(path.parent_path().c_str(), 0700);
  for (;;) {
    Fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!fd.valid()) return {};
    const LockState state = wait_for_lock(fd.get(), stop);
    if (state == LockState::busy) return {};
    if (state == LockState::held && !is_same_file(fd.get(), path)) continue;
    if (state == LockState::held && is_local(fd.get())) return {std::move(fd), std::move(path), nullptr};
    if (state == LockState::unavailable) {
      unlink(path.c_str());  // nobody can hold it
      fd = Fd();
    }
    auto lease = Lease::acquire(entry_path(key, ".lease"), stop);
    see_changes(path.parent_path());
    return {std::move(fd), std::move(path), std::move(lease)};
  }
}

Result<CacheEntry> Cache::store(const Digest& key, int source, std::uint64_t size, CacheRecord record) const {
  XAAS_TRY(writable_);
  const fs::path directory = entry_path(key, "").parent_path();
  if (mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) {
    return fail_errno(fmt::format("cannot make the cache directory {}", directory.string()));
  }
  XAAS_ASSIGN(TempFile data, TempFile::create(directory));
  Sha256 hash;
  XAAS_TRY(read_pieces(source, size, [&](std::string_view piece) -> Status {
    hash.update(piece);
    return write_all(data.fd(), piece);
  }));
  record.sha256 = hash.finish();
  record.size = size;
  XAAS_TRY(commit_private(data, data_path(key)));
  if (const Status written = write_record(entry_path(key, kRecordSuffix), to_json(key, record)); !written) {
    unlink(data_path(key).c_str());
    return tl::unexpected(written.error());
  }
  struct stat status{};
  XAAS_ASSIGN(Fd file, open_trusted(data_path(key), status));
  return CacheEntry{.file = std::move(file), .record = std::move(record)};
}

}  // namespace xaas
