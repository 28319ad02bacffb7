// Decodes SquashFS inodes; see inode.h. Field offsets follow the structures of <sqfs/inode.h>.
#include "format/squashfs/inode.h"

#include <sqfs/inode.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <array>

#include "format/base/little_endian.h"

namespace xaas {
namespace {

constexpr std::size_t kBaseSize = 16;
constexpr std::size_t kMaxFixedSize = 40;

// The size of a type's fixed part behind the base; 0 for a type that does not exist.
constexpr std::array<std::uint8_t, 15> kFixedSizes{0, 16, 16, 8, 8, 8, 4, 4, 24, 40, 8, 12, 12, 8, 8};

using Fixed = std::span<const std::byte>;

std::uint32_t u32(Fixed bytes, std::size_t offset) { return load_le<std::uint32_t>(bytes, offset); }

dev_t device(std::uint32_t number) {
  return makedev((number & 0xFFF00) >> 8, (number & 0xFF) | ((number >> 12) & 0xFFF00));
}

void decode_file(Fixed fixed, Inode& inode) {
  inode.file = {.blocks_start = u32(fixed, 0), .fragment = u32(fixed, 4), .fragment_offset = u32(fixed, 8)};
  inode.attributes.size = u32(fixed, 12);
}

void decode_extended_file(Fixed fixed, Inode& inode) {
  inode.file = {
      .blocks_start = load_le<std::uint64_t>(fixed, 0), .fragment = u32(fixed, 28), .fragment_offset = u32(fixed, 32)};
  inode.attributes.size = load_le<std::uint64_t>(fixed, 8);
  inode.attributes.nlink = u32(fixed, 24);
  inode.xattrs = u32(fixed, 36);
}

void decode_directory(Fixed fixed, Inode& inode) {
  inode.directory.listing = {.block = u32(fixed, 0), .offset = load_le<std::uint16_t>(fixed, 10)};
  inode.directory.listing_size = load_le<std::uint16_t>(fixed, 8);
  inode.attributes.nlink = u32(fixed, 4);
  inode.attributes.size = inode.directory.listing_size;
}

void decode_extended_directory(Fixed fixed, Inode& inode) {
  inode.directory.listing = {.block = u32(fixed, 8), .offset = load_le<std::uint16_t>(fixed, 18)};
  inode.directory.listing_size = u32(fixed, 4);
  inode.directory.index_count = load_le<std::uint16_t>(fixed, 16);
  inode.attributes.nlink = u32(fixed, 0);
  inode.attributes.size = inode.directory.listing_size;
  inode.xattrs = u32(fixed, 20);
}

void decode_fixed(std::uint16_t type, Fixed fixed, Inode& inode) {
  switch (type) {
    case SQFS_INODE_FILE:
      return decode_file(fixed, inode);
    case SQFS_INODE_EXT_FILE:
      return decode_extended_file(fixed, inode);
    case SQFS_INODE_DIR:
      return decode_directory(fixed, inode);
    case SQFS_INODE_EXT_DIR:
      return decode_extended_directory(fixed, inode);
    case SQFS_INODE_SLINK:
    case SQFS_INODE_EXT_SLINK:
      inode.attributes.size = u32(fixed, 4);
      break;
    case SQFS_INODE_BDEV:
    case SQFS_INODE_CDEV:
      inode.attributes.rdev = device(u32(fixed, 4));
      break;
    case SQFS_INODE_EXT_BDEV:
    case SQFS_INODE_EXT_CDEV:
      inode.attributes.rdev = device(u32(fixed, 4));
      inode.xattrs = u32(fixed, 8);
      break;
    case SQFS_INODE_EXT_FIFO:
    case SQFS_INODE_EXT_SOCKET:
      inode.xattrs = u32(fixed, 4);
      break;
    default:  // a pipe or a socket has only a link count
      break;
  }
  inode.attributes.nlink = u32(fixed, 0);
}

}  // namespace

MetadataCursor inode_table(const BlockSource& source) {
  return {source, source.super().inode_table_start, source.super().directory_table_start};
}

mode_t file_type(std::uint16_t squashfs_type) {
  constexpr std::array<mode_t, 8> kTypes{0, S_IFDIR, S_IFREG, S_IFLNK, S_IFBLK, S_IFCHR, S_IFIFO, S_IFSOCK};
  if (squashfs_type < kTypes.size()) return kTypes[squashfs_type];
  const std::size_t basic = squashfs_type - SQFS_INODE_SOCKET;  // extended types follow in the same order
  return basic < kTypes.size() ? kTypes[basic] : 0;
}

Result<Inode> decode_inode(MetadataCursor& cursor, InodeRef ref, std::span<const std::uint32_t> owners) {
  XAAS_TRY(cursor.seek(metadata_position(ref)));
  std::array<std::byte, kMaxFixedSize> bytes;
  const auto base = std::span(bytes).first(kBaseSize);
  XAAS_TRY(cursor.read(base));
  const auto type = load_le<std::uint16_t>(base, 0);
  const auto uid = load_le<std::uint16_t>(base, 4);
  const auto gid = load_le<std::uint16_t>(base, 6);
  if (file_type(type) == 0 || uid >= owners.size() || gid >= owners.size()) {
    return fail(Code::invalid, "inode {:#x} is damaged", ref);
  }
  Inode inode;
  Attributes& attributes = inode.attributes;
  attributes.mode = file_type(type) | (load_le<std::uint16_t>(base, 2) & kPermissionBits);
  attributes.uid = owners[uid];
  attributes.gid = owners[gid];
  attributes.mtime = u32(base, 8);
  attributes.inode = u32(base, 12);

  const auto fixed = std::span(bytes).first(kFixedSizes[type]);
  XAAS_TRY(cursor.read(fixed));
  decode_fixed(type, fixed, inode);
  if (type == SQFS_INODE_EXT_SLINK) {  // its extended attributes come behind the target
    inode.tail = cursor.position();
    std::array<std::byte, 4> index;
    XAAS_TRY(cursor.skip(attributes.size));
    XAAS_TRY(cursor.read(index));
    inode.xattrs = u32(index, 0);
    return inode;
  }
  inode.tail = cursor.position();
  return inode;
}

}  // namespace xaas
