// Streams and tables of metadata blocks; see metadata_cursor.h.
#include "format/squashfs/metadata_cursor.h"

#include <algorithm>

#include "format/base/little_endian.h"

namespace xaas {

Status MetadataCursor::load(std::uint64_t at) {
  if (at < start_ || at >= end_) return fail(Code::invalid, "a table ends too early: damaged");
  XAAS_ASSIGN(block_, source_->metadata(at));
  at_ = at;
  offset_ = 0;
  return {};
}

Status MetadataCursor::seek(MetadataPosition position) {
  if (position.block >= end_ - start_) return fail(Code::invalid, "a position lies outside its table: damaged");
  if (!block_ || at_ != start_ + position.block) XAAS_TRY(load(start_ + position.block));
  if (position.offset > block_->size) return fail(Code::invalid, "a position lies outside its block: damaged");
  offset_ = position.offset;
  return {};
}

Result<std::span<const std::byte>> MetadataCursor::rest() {
  if (offset_ == block_->size) XAAS_TRY(load(block_->next));
  return block_->bytes().subspan(offset_);
}

Status MetadataCursor::read(std::span<std::byte> into) {
  while (!into.empty()) {
    XAAS_ASSIGN(const auto bytes, rest());
    const std::size_t size = std::min(bytes.size(), into.size());
    std::copy_n(bytes.begin(), size, into.begin());
    into = into.subspan(size);
    offset_ += static_cast<std::uint32_t>(size);
  }
  return {};
}

Status MetadataCursor::skip(std::uint64_t bytes) {
  while (bytes > 0) {
    XAAS_ASSIGN(const auto left, rest());
    const std::uint64_t size = std::min<std::uint64_t>(left.size(), bytes);
    bytes -= size;
    offset_ += static_cast<std::uint32_t>(size);
  }
  return {};
}

Result<MetadataTable> MetadataTable::open(const BlockSource& source, std::uint64_t list, std::uint64_t count,
                                          std::uint32_t entry_size) {
  MetadataTable table;
  table.count_ = count;
  constexpr std::uint64_t kBlock = BlockSource::kMetadataBlockSize;
  const std::uint64_t blocks = (count * entry_size + kBlock - 1) / kBlock;
  const std::uint64_t size = source.super().bytes_used;
  if (list > size || blocks > (size - list) / sizeof(std::uint64_t)) {
    return fail(Code::invalid, "a table of {} entries does not fit into the image", count);
  }
  std::vector<std::byte> bytes(blocks * sizeof(std::uint64_t));
  XAAS_TRY(source.read(list, bytes));
  for (std::uint64_t i = 0; i < blocks; ++i) {
    table.blocks_.push_back(load_le<std::uint64_t>(bytes, i * sizeof(std::uint64_t)));
  }
  return table;
}

Status MetadataTable::read(const BlockSource& source, std::uint64_t index, std::span<std::byte> into) const {
  if (index >= count_) return fail(Code::invalid, "entry {} of a table of {}: damaged", index, count_);
  const std::uint64_t offset = index * into.size();
  const std::uint64_t in_block = offset % BlockSource::kMetadataBlockSize;
  XAAS_ASSIGN(const BlockPointer block, source.metadata(blocks_[offset / BlockSource::kMetadataBlockSize]));
  if (in_block + into.size() > block->size) return fail(Code::invalid, "a table ends too early: damaged");
  std::copy_n(block->bytes().begin() + in_block, into.size(), into.begin());
  return {};
}

}  // namespace xaas
