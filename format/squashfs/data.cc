// Reads file contents; see data.h.
#include "format/squashfs/data.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "format/base/little_endian.h"

namespace xaas {
namespace {

constexpr std::uint32_t kFragmentEntrySize = 16;
constexpr std::uint32_t kStoredSizeMask = (1U << 24) - 1;
constexpr std::uint32_t kStoredBits = (1U << 25) - 1;
// Far more than anybody stores in one file (16 TiB with 128 KiB blocks). It bounds the walk of a block list.
constexpr std::uint64_t kMaxBlocks = 1ULL << 27;
constexpr std::size_t kMapCacheBytes = std::size_t{8} << 20;

}  // namespace

// The position of a data block, and a cursor at its size.
struct SquashfsData::Location {
  MetadataCursor sizes;
  std::uint64_t position;
};

SquashfsData::SquashfsData(const BlockSource& source, MetadataTable fragments)
    : source_(source),
      block_size_(source.super().block_size),
      fragments_(std::move(fragments)),
      maps_(kMapCacheBytes) {}

Result<std::unique_ptr<SquashfsData>> SquashfsData::open(const BlockSource& source) {
  MetadataTable fragments;
  const sqfs_super_t& super = source.super();
  if (super.fragment_entry_count > 0) {
    XAAS_ASSIGN(fragments, MetadataTable::open(source, super.fragment_table_start, super.fragment_entry_count,
                                               kFragmentEntrySize));
  }
  return std::unique_ptr<SquashfsData>(new SquashfsData(source, std::move(fragments)));
}

std::uint64_t SquashfsData::block_count(const Inode& inode) const {
  const std::uint64_t size = inode.attributes.size;
  const bool tail_is_block = inode.file.fragment == kNoIndex && size % block_size_ != 0;
  return size / block_size_ + (tail_is_block ? 1 : 0);
}

Result<std::size_t> SquashfsData::read(const Inode& inode, InodeRef ref, std::uint64_t offset,
                                       std::span<std::byte> into) const {
  const std::uint64_t size = inode.attributes.size;
  if (offset >= size) return std::size_t{0};
  into = into.first(static_cast<std::size_t>(std::min<std::uint64_t>(into.size(), size - offset)));
  const std::uint64_t fragment_start = inode.file.fragment == kNoIndex ? size : size / block_size_ * block_size_;
  const std::uint64_t in_blocks =
      offset < fragment_start ? std::min<std::uint64_t>(into.size(), fragment_start - offset) : 0;
  if (in_blocks > 0) XAAS_TRY(read_blocks(inode, ref, offset, into.first(in_blocks)));
  if (in_blocks < into.size()) {
    XAAS_TRY(read_fragment(inode, offset + in_blocks - fragment_start, into.subspan(in_blocks)));
  }
  return into.size();
}

Status SquashfsData::read_fragment(const Inode& inode, std::uint64_t offset, std::span<std::byte> into) const {
  std::array<std::byte, kFragmentEntrySize> entry;
  XAAS_TRY(fragments_.read(source_, inode.file.fragment, entry));
  XAAS_ASSIGN(const BlockPointer block,
              source_.data(load_le<std::uint64_t>(entry, 0), load_le<std::uint32_t>(entry, 8)));
  offset += inode.file.fragment_offset;
  if (offset > block->size || into.size() > block->size - offset) {
    return fail(Code::invalid, "the end of a file lies outside its fragment: damaged");
  }
  std::memcpy(into.data(), block->data.get() + offset, into.size());
  return {};
}

Status SquashfsData::read_blocks(const Inode& inode, InodeRef ref, std::uint64_t offset,
                                 std::span<std::byte> into) const {
  XAAS_ASSIGN(Location at, locate(inode, ref, offset / block_size_));
  while (!into.empty()) {
    const std::uint64_t start = offset % block_size_;
    const std::uint64_t length = std::min(block_size_, inode.attributes.size - (offset - start));
    const std::size_t size = std::min<std::size_t>(into.size(), length - start);
    std::array<std::byte, 4> bytes;
    XAAS_TRY(at.sizes.read(bytes));
    const auto stored = load_le<std::uint32_t>(bytes, 0) & kStoredBits;
    if (stored == 0) {  // a hole
      std::memset(into.data(), 0, size);
    } else {
      XAAS_ASSIGN(const BlockPointer block, source_.data(at.position, stored));
      if (block->size != length)
        return fail(Code::invalid, "a data block has another size than its file says: damaged");
      std::memcpy(into.data(), block->data.get() + start, size);
    }
    at.position += stored & kStoredSizeMask;
    offset += size;
    into = into.subspan(size);
  }
  return {};
}

Result<SquashfsData::Location> SquashfsData::locate(const Inode& inode, InodeRef ref, std::uint64_t block) const {
  Location at{.sizes = inode_table(source_), .position = inode.file.blocks_start};
  MetadataPosition list = inode.tail;
  if (block_count(inode) > BlockMap::kStride) {
    XAAS_ASSIGN(const auto marks, map(inode, ref));
    const BlockMap::Mark& mark = marks->marks[block / BlockMap::kStride];
    list = mark.list;
    at.position = mark.position;
    block %= BlockMap::kStride;
  }
  XAAS_TRY(at.sizes.seek(list));
  std::array<std::byte, 4 * BlockMap::kStride> sizes;
  const auto before = std::span(sizes).first(4 * block);
  XAAS_TRY(at.sizes.read(before));
  for (std::size_t i = 0; i < before.size(); i += 4) at.position += load_le<std::uint32_t>(before, i) & kStoredSizeMask;
  return at;
}

Result<std::shared_ptr<const BlockMap>> SquashfsData::map(const Inode& inode, InodeRef ref) const {
  return maps_.get(ref, [&]() -> Result<std::shared_ptr<const BlockMap>> {
    const std::uint64_t count = block_count(inode);
    if (count > kMaxBlocks) return fail(Code::unsupported, "a file of {} bytes is too large", inode.attributes.size);
    auto map = std::make_shared<BlockMap>();
    MetadataCursor sizes = inode_table(source_);
    XAAS_TRY(sizes.seek(inode.tail));
    std::uint64_t position = inode.file.blocks_start;
    std::array<std::byte, 4 * BlockMap::kStride> bytes;
    for (std::uint64_t block = 0; block < count; block += BlockMap::kStride) {
      map->marks.push_back({.list = sizes.position(), .position = position});
      const auto some = std::span(bytes).first(4 * std::min(BlockMap::kStride, count - block));
      XAAS_TRY(sizes.read(some));
      for (std::size_t i = 0; i < some.size(); i += 4) position += load_le<std::uint32_t>(some, i) & kStoredSizeMask;
    }
    return map;
  });
}

}  // namespace xaas
