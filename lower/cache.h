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
#include "lower/lease.h"

namespace xaas {

// What the cache records about an entry in <key>.json, next to the entry's bytes.
struct CacheRecord {
  Digest sha256;           // of the lowered file
  std::uint64_t size = 0;  // bytes
  std::string path;        // path in the image; for people
  std::string image;       // name and version of the image; for people
  std::string cpu;         // CPU of the target; for people
  double seconds = 0;      // wall time that lowering took
};

struct CacheEntry {
  Fd file;  // open for reading
  CacheRecord record;
};

// The caller that makes an entry holds this lock. The destructor removes the lock's file, or files, and releases it.
class CacheLock {
 public:
  CacheLock() = default;  // holds no lock
  // `fd` is open on the file `path`, and its lock is held. Invalid if the file system has no locks.
  CacheLock(Fd fd, std::filesystem::path path, std::unique_ptr<Lease> lease)
      : fd_(std::move(fd)), path_(std::move(path)), lease_(std::move(lease)) {}
  CacheLock(CacheLock&&) noexcept = default;
  CacheLock& operator=(CacheLock&&) = delete;
  CacheLock(const CacheLock&) = delete;
  CacheLock& operator=(const CacheLock&) = delete;
  ~CacheLock();

  bool is_held() const { return fd_.valid() || lease_; }

 private:
  Fd fd_;
  std::filesystem::path path_;
  std::unique_ptr<Lease> lease_;  // null where the lock reaches all users of the cache
};

// Thread-safe.
class Cache {
 public:
  // If `directory` is empty, the cache is $XAAS_CACHE, else $XDG_CACHE_HOME/xaas, else $HOME/.cache/xaas. The directory
  // is made if it does not exist. A cache that cannot be written can still be read, and writable() says why it cannot
  // be written. A cache that another user can write is not used at all.
  static std::unique_ptr<Cache> open(std::filesystem::path directory);
  // The caches that $XAAS_SITE_CACHES names, separated by colons. They are only read. A cache is left out if its path
  // is not absolute, if it does not exist, or if a user other than this one and root can write it.
  static std::vector<std::unique_ptr<Cache>> open_site_caches();

  const std::filesystem::path& directory() const { return directory_; }
  // The path of an entry's lowered file; for people.
  std::filesystem::path data_path(const Digest& key) const;
  // Ok if entries can be stored. Otherwise the error says why not.
  Status writable() const;

  // Whether there is no entry at all.
  bool is_empty() const;
  // Nullopt if the entry does not exist, is not trusted, cannot be read, or is broken. A broken entry is removed.
  std::optional<CacheEntry> find(const Digest& key) const;
  // Blocks until this caller may make `key`'s entry, or until `stop` is requested. Returns a lock that is not held if
  // `stop` is requested, or if the cache cannot be written. Once the lock is held, the caller must look for the entry
  // again with find().
  CacheLock lock(const Digest& key, const std::stop_token& stop) const;
  // Copies `size` bytes from the start of `source`, and fills in the digest and the size of `record`. A failed write
  // leaves nothing behind.
  Result<CacheEntry> store(const Digest& key, int source, std::uint64_t size, CacheRecord record) const;
  // The directory in which this process makes scratch directories. It is in the cache, unless the cache cannot be
  // written, or has less room than kScratchRoom while the system's temporary directory has more. Then it is the latter.
  std::filesystem::path scratch_parent() const;

 private:
  // Identifies one version of an entry's data file. A file that was replaced or written to has another version.
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

  std::filesystem::path directory_;  // empty if no directory can be used
  Status writable_;
  mutable std::mutex verified_mutex_;
  mutable std::map<Digest, Version> verified_;  // entries whose digest this process has checked
};

// Opens a regular file for reading, if only this user or root can have written it. Code::permission if another user
// can have.
Result<Fd> open_trusted(const std::filesystem::path& path);

// Bytes of free disk space that a job may need for its inputs and its output.
inline constexpr std::uint64_t kScratchRoom = 256ULL << 20;
// Bytes that can still be written to the file system of `directory`; 0 if that is not known.
std::uint64_t available_bytes(const std::filesystem::path& directory);

inline constexpr const char* kRecordSuffix = ".json";  // of the record of an entry

// The directories within a cache, by name.
inline constexpr const char* kCacheEntries = "v1";       // <2>/<key>.elf, .json, .lock, .lease
inline constexpr const char* kCacheModules = "modules";  // <2>/<scope>/<digest>.pack: see module_pack.h
inline constexpr const char* kCacheAddOns = "addons";    // <source>/<key>.xaas, .json: see add_on.h
inline constexpr const char* kCacheScratch = "tmp";      // scratch directories of running workers

}  // namespace xaas
