// Reads a SquashFS 4.0 image in process. It trusts nothing in the image: it checks every position and size against the
// file, never recurses, and bounds what it holds in memory. Thread-safe: all threads share one cache of decompressed
// blocks. From libsquashfs it uses the check of the super block and the decompressors other than zstd.
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
  std::uint64_t offset = 0;               // where the image begins in the file, or the runner in front of it
  std::size_t cache_bytes = 64ULL << 20;  // bytes of decompressed blocks that are kept
};

class SquashfsReader {
 public:
  // Finds the image behind a runner (runner.h).
  // Code::invalid when the file is no SquashFS image, is truncated or contradicts itself, or is neither a regular file
  // nor a block device. Code::unsupported for another version of SquashFS than 4.0, for an unknown compressor, and for
  // a trailer that this build does not understand. The message names the path.
  static Result<std::unique_ptr<SquashfsReader>> open(const std::filesystem::path& path, const ReaderOptions& options);
  ~SquashfsReader();

  InodeRef root() const;
  std::uint64_t image_size() const;  // bytes_used of the super block
  std::uint64_t offset() const;      // where the image begins in the file
  std::uint64_t extent() const;      // bytes from there to the end of the trailer, or of the file
  std::uint32_t inode_count() const;
  // Gives back the memory of kept data blocks, of which there are up to ReaderOptions::cache_bytes.
  void drop_kept_data() const;

  Result<Attributes> stat(InodeRef ref) const;
  // Code::not_found when there is no such entry. `name` is one component.
  // This and the functions below return Code::not_found when the inode has the wrong type.
  Result<DirectoryEntry> lookup(InodeRef directory, std::string_view name) const;
  Result<std::vector<DirectoryEntry>> list(InodeRef directory) const;  // in the image's order, sorted by name
  Result<std::string> read_link(InodeRef ref) const;
  // Returns the number of bytes read, which is less than asked for only at the end of the file.
  Result<std::size_t> read(InodeRef ref, std::uint64_t offset, std::span<std::byte> into) const;
  Result<std::vector<std::pair<std::string, std::string>>> xattrs(InodeRef ref) const;  // full names: "user.x"

  // Goes component by component from the root, and follows no symlinks. "" and "/" are the root.
  Result<InodeRef> resolve(std::string_view path) const;
  // Reads a whole file. Code::invalid when it is larger than `limit` bytes.
  Result<std::string> read_all(InodeRef ref, std::uint64_t limit) const;
  // Hands on a whole file, piece by piece, and returns the first error of `use`.
  Status read_pieces(InodeRef ref, const UseBytes& use) const;
  // The digest of a whole file, however large.
  Result<Digest> digest(InodeRef ref) const;

  // The descriptor of the image file. It is for looking at the file itself, such as its size and times. Owned by the
  // reader.
  int fd() const;

 private:
  class Impl;
  explicit SquashfsReader(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace xaas
