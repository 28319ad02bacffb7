// Reads, decompresses and caches the blocks of an image; see block_source.h.
#include "format/squashfs/block_source.h"

#include <sqfs/compressor.h>
#include <zstd.h>

#include <algorithm>
#include <cstring>

#include "format/base/little_endian.h"

namespace xaas {
namespace {

constexpr std::size_t kMetadataHeaderSize = 2;
constexpr std::uint16_t kMetadataUncompressed = 0x8000;
constexpr std::uint32_t kDataUncompressed = 1U << 24;
constexpr std::uint32_t kDataSizeMask = kDataUncompressed - 1;
constexpr std::size_t kMetadataShare = 8;  // the cache of metadata gets one part in so many

struct ZstdFree {
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

Status check_super(const sqfs_super_t& super, std::uint64_t available) {
  if (super.bytes_used > available) {
    return fail(Code::invalid, "truncated: {} bytes of {} are there", available, super.bytes_used);
  }
  if (super.inode_table_start < sizeof(sqfs_super_t) || super.inode_table_start >= super.directory_table_start ||
      super.directory_table_start > super.bytes_used || super.id_table_start > super.bytes_used) {
    return fail(Code::invalid, "the super block is damaged");
  }
  return {};
}

// Most blocks fill their buffer. The unused rest of a small block's buffer would only crowd the cache.
void shrink(Block& block, std::uint32_t room) {
  if (block.size >= room / 2) return;
  auto data = std::make_unique_for_overwrite<std::byte[]>(block.size);
  std::memcpy(data.get(), block.data.get(), block.size);
  block.data = std::move(data);
}

}  // namespace

// Decompresses one block at a time. libsquashfs makes a new zstd context for each block, which costs more than a small
// block itself. So zstd is called directly; the other compressors go through libsquashfs.
struct BlockSource::Decoder {
  std::unique_ptr<ZSTD_DCtx, ZstdFree> zstd;
  SqfsPtr<sqfs_compressor_t> other;
  std::vector<std::byte> input;

  Result<std::uint32_t> decode(std::span<const std::byte> from, std::span<std::byte> to) const {
    if (zstd) {
      const std::size_t size = ZSTD_decompressDCtx(zstd.get(), to.data(), to.size(), from.data(), from.size());
      if (ZSTD_isError(size) != 0 || size == 0) return fail(Code::invalid, "compressed data is damaged");
      return static_cast<std::uint32_t>(size);
    }
    const sqfs_s32 size =
        other->do_block(other.get(), reinterpret_cast<const sqfs_u8*>(from.data()), static_cast<sqfs_u32>(from.size()),
                        reinterpret_cast<sqfs_u8*>(to.data()), static_cast<sqfs_u32>(to.size()));
    if (size <= 0) return fail(Code::invalid, "compressed data is damaged");
    return static_cast<std::uint32_t>(size);
  }

  Result<std::shared_ptr<Block>> make_block(std::span<const std::byte> stored, bool compressed,
                                            std::uint32_t room) const {
    auto block = std::make_shared<Block>();
    block->data = std::make_unique_for_overwrite<std::byte[]>(room);
    if (compressed) {
      XAAS_ASSIGN(block->size, decode(stored, {block->data.get(), room}));
    } else {
      std::memcpy(block->data.get(), stored.data(), stored.size());
      block->size = static_cast<std::uint32_t>(stored.size());
    }
    shrink(*block, room);
    return block;
  }
};

BlockSource::BlockSource(int fd, std::uint64_t offset, const sqfs_super_t& super, std::size_t cache_bytes)
    : super_(super),
      file_(fd, offset, super.bytes_used, SqfsFile::Mode::read_only),
      metadata_cache_(cache_bytes / kMetadataShare),
      data_cache_(cache_bytes - cache_bytes / kMetadataShare) {}

BlockSource::~BlockSource() = default;

Result<std::unique_ptr<BlockSource>> BlockSource::open(int fd, std::uint64_t offset, std::uint64_t available,
                                                       std::size_t cache_bytes) {
  sqfs_super_t super;
  SqfsFile whole(fd, offset, available, SqfsFile::Mode::read_only);
  if (available < sizeof super) return fail(Code::invalid, "not a SquashFS image: too short");
  if (const int error = sqfs_super_read(&super, whole.get()); error != 0) return fail_read(error, "super block");
  XAAS_TRY(check_super(super, available));
  std::unique_ptr<BlockSource> source(new BlockSource(fd, offset, super, cache_bytes));
  XAAS_ASSIGN(auto decoder, source->borrow_decoder());  // fails now if there is no decompressor
  source->give_back(std::move(decoder));
  return source;
}

Status BlockSource::read(std::uint64_t position, std::span<std::byte> into) const {
  const int error = file_.get()->read_at(file_.get(), position, into.data(), into.size());
  if (error != 0) return fail_read(error, fmt::format("cannot read {} bytes at {}", into.size(), position));
  return {};
}

Result<BlockPointer> BlockSource::metadata(std::uint64_t position) const {
  return metadata_cache_.get(position, [&] { return load_metadata(position); });
}

Result<BlockPointer> BlockSource::data(std::uint64_t position, std::uint32_t stored) const {
  XAAS_ASSIGN(BlockPointer block, data_cache_.get(position, [&] { return load_data(position, stored); }));
  if (block->stored != stored) return fail(Code::invalid, "two sizes for the block at {}: damaged", position);
  return block;
}

Result<BlockPointer> BlockSource::load_metadata(std::uint64_t position) const {
  if (position >= super_.bytes_used || super_.bytes_used - position < kMetadataHeaderSize) {
    return fail(Code::invalid, "a table points to {}, outside the image", position);
  }
  XAAS_ASSIGN(auto decoder, borrow_decoder());
  // One read gets the header and the content, because only the header says how large the content is.
  const std::uint64_t room =
      std::min<std::uint64_t>(kMetadataHeaderSize + kMetadataBlockSize, super_.bytes_used - position);
  decoder->input.resize(room);
  XAAS_TRY(read(position, decoder->input));
  const auto header = load_le<std::uint16_t>(decoder->input, 0);
  const std::size_t size = header & ~kMetadataUncompressed;
  if (size == 0 || size > room - kMetadataHeaderSize) {
    return fail(Code::invalid, "the block of a table at {} is damaged", position);
  }
  auto block = decoder->make_block(std::span(decoder->input).subspan(kMetadataHeaderSize, size),
                                   (header & kMetadataUncompressed) == 0, kMetadataBlockSize);
  give_back(std::move(decoder));
  if (!block) return fail(Code::invalid, "the block of a table at {}: {}", position, block.error().message);
  (*block)->next = position + kMetadataHeaderSize + size;
  return BlockPointer(std::move(*block));
}

Result<BlockPointer> BlockSource::load_data(std::uint64_t position, std::uint32_t stored) const {
  const std::uint32_t size = stored & kDataSizeMask;
  if (size == 0 || size > super_.block_size || position > super_.bytes_used || size > super_.bytes_used - position) {
    return fail(Code::invalid, "a data block of {} bytes at {} lies outside the image", size, position);
  }
  XAAS_ASSIGN(auto decoder, borrow_decoder());
  decoder->input.resize(size);
  XAAS_TRY(read(position, decoder->input));
  auto block = decoder->make_block(decoder->input, (stored & kDataUncompressed) == 0, super_.block_size);
  give_back(std::move(decoder));
  if (!block) return fail(Code::invalid, "the data block at {}: {}", position, block.error().message);
  (*block)->stored = stored;
  return BlockPointer(std::move(*block));
}

Result<std::unique_ptr<BlockSource::Decoder>> BlockSource::borrow_decoder() const {
  {
    const std::lock_guard lock(decoders_mutex_);
    if (!decoders_.empty()) {
      auto decoder = std::move(decoders_.back());
      decoders_.pop_back();
      return decoder;
    }
  }
  auto decoder = std::make_unique<Decoder>();
  if (super_.compression_id == SQFS_COMP_ZSTD) {
    decoder->zstd.reset(ZSTD_createDCtx());
    if (!decoder->zstd) return fail(Code::io, "out of memory");
    return decoder;
  }
  sqfs_compressor_config_t config;
  sqfs_compressor_t* made = nullptr;
  const auto id = static_cast<SQFS_COMPRESSOR>(super_.compression_id);
  int error = sqfs_compressor_config_init(&config, id, super_.block_size, SQFS_COMP_FLAG_UNCOMPRESS);
  if (error == 0) error = sqfs_compressor_create(&config, &made);
  if (error != 0) return fail_sqfs(error, "decompression");
  decoder->other.reset(made);
  if ((super_.flags & SQFS_FLAG_COMPRESSOR_OPTIONS) != 0) {
    error = made->read_options(made, file_.get());
    if (error != 0) return fail_sqfs(error, "compressor options");
  }
  return decoder;
}

void BlockSource::give_back(std::unique_ptr<Decoder> decoder) const {
  const std::lock_guard lock(decoders_mutex_);
  decoders_.push_back(std::move(decoder));
}

}  // namespace xaas
