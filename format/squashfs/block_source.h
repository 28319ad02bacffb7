// Gives the parts of a SquashfsReader their blocks. Has the image file, the decompressors and the shared caches of
// decompressed blocks. Checks every position and size against the image.
#pragma once

#include <sqfs/super.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "format/base/error.h"
#include "format/base/sharded_cache.h"
#include "format/squashfs/sqfs_object.h"

namespace xaas {

// One decompressed block.
struct Block {
  std::unique_ptr<std::byte[]> data;
  std::uint32_t size = 0;    // bytes of data
  std::uint32_t stored = 0;  // the size as the image writes it, with its "uncompressed" bit
  std::uint64_t next = 0;    // position in the image behind the block

  std::span<const std::byte> bytes() const { return {data.get(), size}; }
  std::size_t cost() const { return sizeof(Block) + size; }
};
using BlockPointer = std::shared_ptr<const Block>;

// Thread-safe.
class BlockSource {
 public:
  static constexpr std::uint32_t kMetadataBlockSize = 8192;

  // Opens the image that begins at `offset` of the file and has `available` bytes from there on. Code::invalid when the
  // super block contradicts itself or the file. Code::unsupported when its compressor is not known. `fd` stays the
  // caller's.
  static Result<std::unique_ptr<BlockSource>> open(int fd, std::uint64_t offset, std::uint64_t available,
                                                   std::size_t cache_bytes);
  ~BlockSource();

  const sqfs_super_t& super() const { return super_; }
  // Fills `into` or fails. Positions count from the start of the image.
  Status read(std::uint64_t position, std::span<std::byte> into) const;
  // A block of a table, with 1 to kMetadataBlockSize bytes.
  Result<BlockPointer> metadata(std::uint64_t position) const;
  // A data or fragment block. `stored` is its size as an inode or the fragment table writes it.
  Result<BlockPointer> data(std::uint64_t position, std::uint32_t stored) const;
  // Drops the data blocks that are kept.
  void drop_data() const { data_cache_.clear(); }

 private:
  struct Decoder;
  BlockSource(int fd, std::uint64_t offset, const sqfs_super_t& super, std::size_t cache_bytes);
  Result<BlockPointer> load_metadata(std::uint64_t position) const;
  Result<BlockPointer> load_data(std::uint64_t position, std::uint32_t stored) const;
  Result<std::unique_ptr<Decoder>> borrow_decoder() const;
  void give_back(std::unique_ptr<Decoder> decoder) const;

  sqfs_super_t super_;
  mutable SqfsFile file_;
  mutable ShardedCache<Block> metadata_cache_;
  mutable ShardedCache<Block> data_cache_;
  mutable std::mutex decoders_mutex_;
  mutable std::vector<std::unique_ptr<Decoder>> decoders_;  // those not in use
};

}  // namespace xaas
