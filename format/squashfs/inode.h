// Decodes one SquashFS inode from the inode table. Implements the on-disk inode of SquashFS 4.0.
#pragma once

#include <cstdint>
#include <span>

#include "format/base/error.h"
#include "format/squashfs/metadata_cursor.h"
#include "format/squashfs/types.h"

namespace xaas {

inline constexpr std::uint32_t kNoIndex = 0xFFFFFFFF;  // no fragment, no xattrs

struct FileInode {
  std::uint64_t blocks_start = 0;
  std::uint32_t fragment = kNoIndex;
  std::uint32_t fragment_offset = 0;
};

struct DirectoryInode {
  MetadataPosition listing;        // in the directory table
  std::uint32_t listing_size = 0;  // bytes; SquashFS counts 3 more than there are
  std::uint32_t index_count = 0;
};

struct Inode {
  Attributes attributes;
  std::uint32_t xattrs = kNoIndex;
  FileInode file;            // of a regular file
  DirectoryInode directory;  // of a directory
  // Where the variable part begins: the sizes of a file's blocks, the target of a link, the index of a directory.
  MetadataPosition tail;
};

// A cursor of the inode table. `source` must outlive it.
MetadataCursor inode_table(const BlockSource& source);

// `cursor` is a cursor of the inode table. `owners` are the ids to which inodes refer by position.
Result<Inode> decode_inode(MetadataCursor& cursor, InodeRef ref, std::span<const std::uint32_t> owners);

// The type of an inode or a directory entry as S_IFDIR and so on; 0 when there is no such type.
mode_t file_type(std::uint16_t squashfs_type);

}  // namespace xaas
