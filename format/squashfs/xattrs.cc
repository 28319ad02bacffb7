// Reads extended attributes; see xattrs.h. Field offsets follow the structures of <sqfs/xattr.h>.
#include "format/squashfs/xattrs.h"

#include <sqfs/xattr.h>

#include <array>

#include "format/base/little_endian.h"
#include "format/base/paths.h"

namespace xaas {
namespace {

constexpr std::uint64_t kNoTable = 0xFFFFFFFFFFFFFFFF;
constexpr std::uint32_t kSetSize = 16;
// The limits of Linux, so that no real attribute is refused.
constexpr std::uint32_t kMaxValue = 65536;
constexpr std::uint32_t kMaxCount = 65536 / 3;
constexpr std::size_t kMaxBytes = std::size_t{16} << 20;  // of one inode

Result<std::string> read_value(MetadataCursor& cursor) {
  std::array<std::byte, 4> size;
  XAAS_TRY(cursor.read(size));
  const auto length = load_le<std::uint32_t>(size, 0);
  if (length > kMaxValue) return fail(Code::invalid, "an extended attribute of {} bytes: damaged", length);
  std::string value(length, '\0');
  XAAS_TRY(cursor.read(std::as_writable_bytes(std::span(value))));
  return value;
}

// Large values that several inodes share are stored once, and other inodes refer to them.
Result<std::string> read_shared_value(MetadataCursor& cursor, MetadataCursor elsewhere) {
  std::array<std::byte, 12> bytes;  // the size of the reference, which is always 8, and the reference
  XAAS_TRY(cursor.read(bytes));
  XAAS_TRY(elsewhere.seek(metadata_position(load_le<std::uint64_t>(bytes, 4))));
  return read_value(elsewhere);
}

}  // namespace

Result<SquashfsXattrs> SquashfsXattrs::open(const BlockSource& source) {
  SquashfsXattrs xattrs;
  const std::uint64_t header_at = source.super().xattr_id_table_start;
  if (header_at == kNoTable || (source.super().flags & SQFS_FLAG_NO_XATTRS) != 0) return xattrs;
  std::array<std::byte, 16> header;
  XAAS_TRY(source.read(header_at, header));
  const auto count = load_le<std::uint32_t>(header, 8);
  XAAS_ASSIGN(xattrs.sets_, MetadataTable::open(source, header_at + header.size(), count, kSetSize));
  xattrs.start_ = load_le<std::uint64_t>(header, 0);
  xattrs.end_ = header_at;
  if (xattrs.start_ > xattrs.end_) return fail(Code::invalid, "the table of extended attributes is damaged");
  return xattrs;
}

Result<std::vector<std::pair<std::string, std::string>>> SquashfsXattrs::read(const BlockSource& source,
                                                                              std::uint32_t index) const {
  std::array<std::byte, kSetSize> set;
  XAAS_TRY(sets_.read(source, index, set));
  MetadataCursor cursor(source, start_, end_);
  XAAS_TRY(cursor.seek(metadata_position(load_le<std::uint64_t>(set, 0))));
  const auto count = load_le<std::uint32_t>(set, 8);
  if (count > kMaxCount) return fail(Code::invalid, "{} extended attributes of one inode: damaged", count);

  std::vector<std::pair<std::string, std::string>> xattrs;
  std::size_t bytes = 0;
  for (std::uint32_t i = 0; i < count && bytes <= kMaxBytes; ++i) {
    std::array<std::byte, 4> fixed;
    XAAS_TRY(cursor.read(fixed));
    const auto type = load_le<std::uint16_t>(fixed, 0);
    const auto length = load_le<std::uint16_t>(fixed, 2);
    if (length > kMaxName) return fail(Code::invalid, "the name of an extended attribute is damaged");
    std::string name(length, '\0');
    XAAS_TRY(cursor.read(std::as_writable_bytes(std::span(name))));
    const bool shared = (type & SQFS_XATTR_FLAG_OOL) != 0;
    XAAS_ASSIGN(std::string value, shared ? read_shared_value(cursor, {source, start_, end_}) : read_value(cursor));
    bytes += name.size() + value.size();
    const char* prefix = sqfs_get_xattr_prefix(static_cast<SQFS_XATTR_TYPE>(type & SQFS_XATTR_PREFIX_MASK));
    if (prefix != nullptr && name.find('\0') == std::string::npos) xattrs.emplace_back(prefix + name, std::move(value));
  }
  if (bytes > kMaxBytes) return fail(Code::invalid, "extended attributes of more than {} bytes: damaged", kMaxBytes);
  return xattrs;
}

}  // namespace xaas
