// Reads one SquashFS directory entry by entry, and finds where in it a name would be without reading it all. Implements
// the on-disk directory table and directory index of SquashFS 4.0.
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
  // Begins at the first entry of `directory`, the inode of one. `listing` is a cursor of the directory table.
  static Result<DirectoryScan> open(MetadataCursor listing, const DirectoryInode& directory);

  // Moves close in front of `name`, using the index of a large directory. `inodes` is a cursor of the inode table.
  // REQUIRES: called first, if at all.
  Status seek(MetadataCursor inodes, const Inode& inode, std::string_view name);

  // The next entry into `entry`; false at the end. Names that no file can have, unknown types and entries out of order
  // are Code::invalid.
  Result<bool> next(DirectoryEntry& entry);

 private:
  explicit DirectoryScan(MetadataCursor cursor) : cursor_(std::move(cursor)) {}
  Status read_header();
  Status take(std::span<std::byte> into);

  MetadataCursor cursor_;
  std::uint32_t left_ = 0;              // bytes of the listing
  std::uint32_t entries_in_group_ = 0;  // that follow the last header
  std::uint64_t group_block_ = 0;       // of the inode table, of all inodes in the group
  std::uint32_t group_inode_ = 0;
  std::string previous_;
};

}  // namespace xaas
