// The content of regular files: data blocks, fragments and holes. Implements the block lists of SquashFS 4.0.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "format/base/error.h"
#include "format/base/sharded_cache.h"
#include "format/squashfs/block_source.h"
#include "format/squashfs/inode.h"
#include "format/squashfs/metadata_cursor.h"

namespace xaas {

// Where every kStride-th data block of a file is. The list of block sizes gives a position only as the sum of all sizes
// before it, and a large file cannot compute that at each read.
struct BlockMap {
  static constexpr std::uint64_t kStride = 1024;
  struct Mark {
    MetadataPosition list;       // where the inode table has the block's size
    std::uint64_t position = 0;  // where the image has the block's data
  };
  std::vector<Mark> marks;
  std::size_t cost() const { return sizeof(BlockMap) + marks.size() * sizeof(Mark); }
};

// Thread-safe.
class SquashfsData {
 public:
  // `source` must outlive this.
  static Result<std::unique_ptr<SquashfsData>> open(const BlockSource& source);

  // Returns the number of bytes read, which is less than asked for only at the end of the file. `ref` is the inode's
  // own.
  Result<std::size_t> read(const Inode& inode, InodeRef ref, std::uint64_t offset, std::span<std::byte> into) const;

 private:
  struct Location;
  explicit SquashfsData(const BlockSource& source, MetadataTable fragments);
  std::uint64_t block_count(const Inode& inode) const;
  Result<std::shared_ptr<const BlockMap>> map(const Inode& inode, InodeRef ref) const;
  Result<Location> locate(const Inode& inode, InodeRef ref, std::uint64_t block) const;
  Status read_fragment(const Inode& inode, std::uint64_t offset, std::span<std::byte> into) const;
  Status read_blocks(const Inode& inode, InodeRef ref, std::uint64_t offset, std::span<std::byte> into) const;

  const BlockSource& source_;
  const std::uint64_t block_size_;
  MetadataTable fragments_;
  mutable ShardedCache<BlockMap> maps_;
};

}  // namespace xaas
