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

// What the name of every attribute in an image begins with.
inline constexpr std::string_view kXattrPrefix = "user.";

// Thread-safe.
class SquashfsXattrs {
 public:
  SquashfsXattrs() = default;  // of an image without any
  static Result<SquashfsXattrs> open(const BlockSource& source);

  // The attributes with number `index` of an inode, with full names. Those with a prefix that is none of user, trusted
  // and security are left out, as the kernel does.
  Result<std::vector<std::pair<std::string, std::string>>> read(const BlockSource& source, std::uint32_t index) const;

 private:
  MetadataTable sets_;
  std::uint64_t start_ = 0;  // of the names and values
  std::uint64_t end_ = 0;
};

}  // namespace xaas
