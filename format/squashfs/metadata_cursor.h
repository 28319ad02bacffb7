// Reads a SquashFS table, a chain of small compressed blocks, as if it were one stream. Reading only ever moves
// forward, so that a damaged table ends in an error.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "format/base/error.h"
#include "format/squashfs/block_source.h"

namespace xaas {

// A position in a table: the offset of a block from the start of the table, and the offset of a byte in the
// decompressed block.
struct MetadataPosition {
  std::uint64_t block = 0;
  std::uint32_t offset = 0;
};

// Takes the position from the 48 bits in which SquashFS writes it.
inline MetadataPosition metadata_position(std::uint64_t ref) {
  return {.block = ref >> 16, .offset = static_cast<std::uint32_t>(ref & 0xFFFF)};
}

// Not thread-safe; cheap to make.
class MetadataCursor {
 public:
  // The table lies between the positions `start` and `end` of the image. `source` must outlive the cursor.
  MetadataCursor(const BlockSource& source, std::uint64_t start, std::uint64_t end)
      : source_(&source), start_(start), end_(end) {}

  Status seek(MetadataPosition position);
  MetadataPosition position() const { return {.block = at_ - start_, .offset = offset_}; }
  Status read(std::span<std::byte> into);
  Status skip(std::uint64_t bytes);

 private:
  Status load(std::uint64_t at);
  // The bytes of the current block that have not been read. Moves to the next block first if there are none.
  Result<std::span<const std::byte>> rest();

  const BlockSource* source_;
  std::uint64_t start_;
  std::uint64_t end_;
  std::uint64_t at_ = 0;  // position of block_ in the image
  std::uint32_t offset_ = 0;
  BlockPointer block_;
};

// A table of fixed-size entries, reached through a list of the positions of its blocks. Thread-safe.
class MetadataTable {
 public:
  MetadataTable() = default;
  // `list` is the position of the list. Code::invalid when `count` entries do not fit into the image.
  static Result<MetadataTable> open(const BlockSource& source, std::uint64_t list, std::uint64_t count,
                                    std::uint32_t entry_size);

  std::uint64_t count() const { return count_; }
  // Reads entry `index` into `into`, which has the size of an entry.
  Status read(const BlockSource& source, std::uint64_t index, std::span<std::byte> into) const;

 private:
  std::uint64_t count_ = 0;
  std::vector<std::uint64_t> blocks_;
};

}  // namespace xaas
