// Reads SquashFS directories; see directory.h. Field offsets follow the structures of <sqfs/dir.h>.
#include "format/squashfs/directory.h"

#include <array>

#include "format/base/little_endian.h"
#include "format/base/paths.h"

namespace xaas {
namespace {

constexpr std::uint32_t kRunHeaderSize = 12;
constexpr std::uint32_t kEntrySize = 8;
constexpr std::uint32_t kIndexEntrySize = 12;
constexpr std::uint32_t kMaxGroup = 256;
// The size of a directory counts "." and ".." as 3 bytes. They are not stored.
constexpr std::uint32_t kDotsSize = 3;
// Far more than anybody has in one directory. It bounds a listing in memory.
constexpr std::uint32_t kMaxListing = 16U << 20;

bool is_name(std::string_view name) {
  return name != "." && name != ".." && name.find('/') == std::string_view::npos &&
         name.find('\0') == std::string_view::npos;
}

}  // namespace

Result<DirectoryScan> DirectoryScan::open(MetadataCursor listing, const DirectoryInode& directory) {
  DirectoryScan scan(std::move(listing));
  if (directory.listing_size <= kDotsSize) return scan;
  if (directory.listing_size > kMaxListing) {
    return fail(Code::invalid, "a directory of {} bytes is larger than {}", directory.listing_size, kMaxListing);
  }
  scan.left_ = directory.listing_size - kDotsSize;
  XAAS_TRY(scan.cursor_.seek(directory.listing));
  return scan;
}

Status DirectoryScan::seek(MetadataCursor inodes, const Inode& inode, std::string_view name) {
  if (inode.directory.index_count == 0) return {};
  XAAS_TRY(inodes.seek(inode.tail));
  std::array<std::byte, kIndexEntrySize> fixed;
  std::array<char, kMaxName> room;
  std::uint32_t skipped = 0;
  MetadataPosition start = inode.directory.listing;
  for (std::uint32_t i = 0; i < inode.directory.index_count; ++i) {
    XAAS_TRY(inodes.read(fixed));
    const auto index = load_le<std::uint32_t>(fixed, 0);
    const std::uint64_t length = std::uint64_t{load_le<std::uint32_t>(fixed, 8)} + 1;
    if (length > kMaxName || index > left_) return fail(Code::invalid, "the index of a directory is damaged");
    const std::span first_name(room.data(), length);
    XAAS_TRY(inodes.read(std::as_writable_bytes(first_name)));
    if (std::string_view(room.data(), length) > name) break;
    skipped = index;
    // From the listing's start on, the table is one stream. So the listing's offset in its first block shifts all other
    // offsets.
    start.block = load_le<std::uint32_t>(fixed, 4);
    start.offset = (inode.directory.listing.offset + index) % BlockSource::kMetadataBlockSize;
  }
  if (skipped == 0) return {};
  left_ -= skipped;
  return cursor_.seek(start);
}

Status DirectoryScan::take(std::span<std::byte> into) {
  if (into.size() > left_) return fail(Code::invalid, "a directory ends within an entry: damaged");
  left_ -= static_cast<std::uint32_t>(into.size());
  return cursor_.read(into);
}

Status DirectoryScan::read_header() {
  std::array<std::byte, kRunHeaderSize> header;
  XAAS_TRY(take(header));
  const auto count = load_le<std::uint32_t>(header, 0);  // one less than the number of entries
  if (count >= kMaxGroup) return fail(Code::invalid, "a directory claims {} entries in a group: damaged", count);
  entries_in_group_ = count + 1;
  group_block_ = load_le<std::uint32_t>(header, 4);
  group_inode_ = load_le<std::uint32_t>(header, 8);
  return {};
}

Result<bool> DirectoryScan::next(DirectoryEntry& entry) {
  if (entries_in_group_ == 0) {
    if (left_ == 0) return false;
    XAAS_TRY(read_header());
  }
  --entries_in_group_;
  std::array<std::byte, kEntrySize> fixed;
  XAAS_TRY(take(fixed));
  const auto offset = load_le<std::uint16_t>(fixed, 0);
  const auto difference = static_cast<std::int16_t>(load_le<std::uint16_t>(fixed, 2));
  const std::uint32_t length = load_le<std::uint16_t>(fixed, 6) + 1U;
  entry.type = file_type(load_le<std::uint16_t>(fixed, 4));
  if (entry.type == 0 || length > kMaxName) return fail(Code::invalid, "an entry of a directory is damaged");
  entry.ref = group_block_ << 16 | offset;
  entry.inode = group_inode_ + static_cast<std::uint32_t>(difference);
  entry.name.resize(length);
  XAAS_TRY(take(std::as_writable_bytes(std::span(entry.name))));
  if (!is_name(entry.name)) return fail(Code::invalid, "an entry of a directory has an impossible name: damaged");
  if (entry.name <= previous_) return fail(Code::invalid, "the entries of a directory are out of order: damaged");
  previous_ = entry.name;
  return true;
}

}  // namespace xaas
