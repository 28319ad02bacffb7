// Reads one SquashFS directory entry by entry, and finds the place of a name in it without reading all of it.
// Implements the on-disk directory table and directory index of SquashFS 4.0.
#pragma once

#include <cstdint>
#include <string_view>

#include "format/base/error.h"
#include "format/squashfs/inode.h"
#include "format/squashfs/metadata_cursor.h"
#include "format/squashfs/types.h"

namespace xaas {

// Not thread-safe; cheap to make.
class DirectoryScan {
 public:
  // Begins at the first entry of a directory. `directory` is from its inode, and `listing` is a cursor of the directory
  // table.
  static Result<DirectoryScan> open(MetadataCursor listing, const DirectoryInode& directory);

  // Moves close in front of `name`, with the index that a large directory has. `inodes` is a cursor of the inode table.
  // REQUIRES: called before next(), if at all.
  Status seek(MetadataCursor inodes, const Inode& inode, std::string_view name);

  // Reads the next entry into `entry`; false at the end. Code::invalid for names that no file can have, unknown types,
  // and entries out of order.
  Result<bool> next(DirectoryEntry& entry);

 private:
  explicit DirectoryScan(MetadataCursor cursor) : cursor_(std::move(cursor)) {}
  Status read_header();
  Status take(std::span<std::byte> into);

  MetadataCursor cursor_;
  std::uint32_t left_ = 0;              // bytes of the listing that have not been read
  std::uint32_t entries_in_group_ = 0;  // entries behind the last header that have not been read
  std::uint64_t group_block_ = 0;       // block of the inode table that has the inodes of the group
  std::uint32_t group_inode_ = 0;
  std::string previous_;
};

}  // namespace xaas
