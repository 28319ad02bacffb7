// Reads a SquashFS 4.0 image in process. Nothing in the image is trusted: every position and size is checked against
// the file, nothing recurses, what is held in memory is bounded. Thread-safe: all threads share one cache of
// decompressed blocks. Of libsquashfs it uses the super block's check and the decompressors other than zstd.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "format/base/digest.h"
#include "format/base/error.h"
#include "format/squashfs/types.h"

namespace xaas {

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
