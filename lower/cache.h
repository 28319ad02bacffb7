// The cache of lowered files. Implements spec/cache.md: entries appear by rename, are verified by digest before first
// use, and are made once however many processes ask. A broken entry is a miss, never an error.
#pragma once

#include <sys/types.h>

#include <compare>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "format/base/digest.h"
#include "format/base/error.h"
#include "format/base/file.h"

namespace xaas {

// What is known of an entry beside its bytes: <key>.json.
struct CacheRecord {
  Digest sha256;           // of the file
  std::uint64_t size = 0;  // bytes
  std::string path;        // in the image, for people
  std::string image;       // name and version, for people
  std::string cpu;         // for people
  double seconds = 0;      // wall time that lowering took
};

struct CacheEntry {
  Fd file;  // open for reading
  CacheRecord record;
};

// Held by the one who makes an entry; released on destruction, which removes the lock's file.
class CacheLock {
 public:
  CacheLock() = default;  // of nothing
  // `fd`: of the file `path`, and locked.
  CacheLock(Fd fd, std::filesystem::path path) : fd_(std::move(fd)), path_(std::move(path)) {}
  CacheLock(CacheLock&&) noexcept = default;
  CacheLock& operator=(CacheLock&&) = delete;
  CacheLock(const CacheLock&) = delete;
  CacheLock& operator=(const CacheLock&) = delete;
  ~CacheLock();

  bool is_held() const { return fd_.valid(); }

 private:
  Fd fd_;
  std::filesystem::path path_;
};

// Thread-safe.
class Cache {
 public:
  // `directory` empty: $XAAS_CACHE, else $XDG_CACHE_HOME/xaas, else $HOME/.cache/xaas. Made if absent. One that cannot
  // be written is usable for reading, and writable() says why it is not. One that somebody else can write is not used
  // at all.
  static std::unique_ptr<Cache> open(std::filesystem::path directory);
  // Those that $XAAS_SITE_CACHES names, separated by colons: only read. One that does not exist, or that others than
  // this user and root can write, is left out.
  static std::vector<std::unique_ptr<Cache>> open_site_caches();

  const std::filesystem::path& directory() const { return directory_; }
  // Where the lowered file of an entry lies, for people.
  std::filesystem::path data_path(const Digest& key) const;
  // Why nothing can be stored; ok when it can.
  Status writable() const;

  // Nullopt: not there, not to be trusted, not readable, or broken (then it is removed).
  std::optional<CacheEntry> find(const Digest& key) const;
  // Blocks until this caller may make `key`'s entry or `stop` is requested; where the file system has no locks
  // it returns at once. Look again with find() once it is held.
  CacheLock lock(const Digest& key, const std::stop_token& stop) const;
  // Copies `size` bytes from the start of `source`; the digest and size of `record` are filled in on the way. An error
  // leaves nothing behind.
  Result<CacheEntry> store(const Digest& key, int source, std::uint64_t size, CacheRecord record) const;
  // A directory for scratch files of this process: in the cache, or in the system's temporary directory where the cache
  // cannot be written or is short of room.
  std::filesystem::path scratch_parent() const;

 private:
  // One version of an entry's data file: a file that was replaced or written to is another one.
  struct Version {
    dev_t device = 0;
    ino_t inode = 0;
    std::int64_t size = 0;
    std::int64_t changed = 0;  // st_ctim in nanoseconds
    auto operator<=>(const Version&) const = default;
  };

  Cache() = default;
  std::filesystem::path entry_path(const Digest& key, const char* suffix) const;
  Result<CacheEntry> load(const Digest& key) const;
  Status check_content(const Digest& key, int fd, const CacheRecord& record) const;
  void remove_broken(const Digest& key) const;

  std::filesystem::path directory_;  // empty: there is no place for a cache
  Status writable_;
  mutable std::mutex verified_mutex_;
  mutable std::map<Digest, Version> verified_;  // entries whose digest this process has checked
};

// What a job may well need for its inputs and output, in bytes.
inline constexpr std::uint64_t kScratchRoom = 256ULL << 20;
// That can be written where `directory` is; 0 where that cannot be told.
std::uint64_t available_bytes(const std::filesystem::path& directory);

// Directories of a cache, for its upkeep.
inline constexpr const char* kCacheEntries = "v1";       // <2>/<key>.elf, .json, .lock
inline constexpr const char* kCacheModules = "modules";  // <2>/<scope>/<key>-<digest>: see module_store.h
inline constexpr const char* kCacheScratch = "tmp";      // scratch directories of running workers

}  // namespace xaas
