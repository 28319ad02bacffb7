// Extended attributes of SquashFS inodes. Implements SquashFS 4.0's xattr tables.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "format/base/error.h"
#include "format/squashfs/block_source.h"
#include "format/squashfs/metadata_cursor.h"

namespace xaas {

// The name of every attribute in an image begins with this.
inline constexpr std::string_view kXattrPrefix = "user.";

// Thread-safe.
class SquashfsXattrs {
 public:
  SquashfsXattrs() = default;  // of an image without attributes
  static Result<SquashfsXattrs> open(const BlockSource& source);

  // The attributes with number `index` of an inode, with full names. Leaves out attributes with a prefix other than
  // user, trusted and security, as the kernel does.
  Result<std::vector<std::pair<std::string, std::string>>> read(const BlockSource& source, std::uint32_t index) const;

 private:
  MetadataTable sets_;
  std::uint64_t start_ = 0;  // where the names and values begin
  std::uint64_t end_ = 0;
};

}  // namespace xaas
