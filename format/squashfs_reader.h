// Reads a SquashFS 4.0 image in process. Nothing in the image is trusted: every position and size is checked against
// the file, nothing recurses, what is held in memory is bounded. Thread-safe: all threads share one cache of
// decompressed blocks. Of libsquashfs it uses the super block's check and the decompressors other than zstd.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "format/digest.h"
#include "format/error.h"

namespace xaas {

// Where an inode stands in the inode table (48 bits). Hard links share it. 0 is the first inode of the table, so a
// valid one.
using InodeRef = std::uint64_t;

struct Attributes {
  std::uint32_t inode = 0;  // inode number, from 1
  mode_t mode = 0;          // type and permissions, without setuid, setgid and sticky
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::int64_t mtime = 0;  // seconds since 1970
  std::uint32_t nlink = 1;
  std::uint64_t size = 0;  // bytes; length of the target for a symlink
  dev_t rdev = 0;
};

struct DirectoryEntry {
  std::string name;  // never "." or ".."
  InodeRef ref = 0;
  std::uint32_t inode = 0;
  mode_t type = 0;  // S_IFREG, S_IFDIR, ...
};

struct ReaderOptions {
  std::uint64_t offset = 0;               // where the image begins in the file
  std::size_t cache_bytes = 64ULL << 20;  // decompressed blocks kept
};

class SquashfsReader {
 public:
  // Code::invalid when it is no SquashFS 4.0 image, is truncated or contradicts itself, or is neither a regular file
  // nor a block device: the message names the path.
  static Result<std::unique_ptr<SquashfsReader>> open(const std::filesystem::path& path, const ReaderOptions& options);
  ~SquashfsReader();

  InodeRef root() const;
  std::uint64_t image_size() const;  // bytes_used of the super block
  std::uint32_t inode_count() const;

  Result<Attributes> stat(InodeRef ref) const;
  // Code::not_found without such an entry. `name` is one component.
  Result<DirectoryEntry> lookup(InodeRef directory, std::string_view name) const;
  Result<std::vector<DirectoryEntry>> list(InodeRef directory) const;  // in the image's order, sorted by name
  Result<std::string> read_link(InodeRef ref) const;
  // Bytes read; short only at the end of the file.
  Result<std::size_t> read(InodeRef ref, std::uint64_t offset, std::span<std::byte> into) const;
  Result<std::vector<std::pair<std::string, std::string>>> xattrs(InodeRef ref) const;  // full names: "user.x"

  // Component by component from the root, without following symlinks. "" and "/" are the root.
  Result<InodeRef> resolve(std::string_view path) const;
  // Whole file; Code::invalid when it is larger than `limit`.
  Result<std::string> read_all(InodeRef ref, std::uint64_t limit) const;
  // Of a whole file, however large.
  Result<Digest> digest(InodeRef ref) const;

  // The descriptor of the image file, for looking at its size and times. Owned by the reader.
  int fd() const;

 private:
  class Impl;
  explicit SquashfsReader(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace xaas
