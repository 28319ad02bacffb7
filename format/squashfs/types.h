// What a SquashFS image says of a file, for the code that reads images and the code that writes them.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "format/base/error.h"

namespace xaas {

// The permissions that files of an image have. No program gets other rights by being in one.
inline constexpr std::uint16_t kPermissionBits = 0777;

// Where an inode is in the inode table (48 bits). Hard links share it. 0 is valid: it is the first inode of the table.
using InodeRef = std::uint64_t;

struct Attributes {
  std::uint32_t inode = 0;  // inode number, from 1
  mode_t mode = 0;          // type and permissions, without setuid, setgid and sticky
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::int64_t mtime = 0;  // seconds since 1970
  std::uint32_t nlink = 1;
  std::uint64_t size = 0;  // bytes; of a symlink, the length of its target
  dev_t rdev = 0;
};

struct DirectoryEntry {
  std::string name;  // never "." or ".."
  InodeRef ref = 0;
  std::uint32_t inode = 0;
  mode_t type = 0;  // S_IFREG, S_IFDIR, ...
};

// Content that comes piece by piece: a function that hands all pieces on, in order, and returns the first error.
using UseBytes = std::function<Status(std::string_view)>;
using Stream = std::function<Status(const UseBytes&)>;

// Options of an entry that is to be written.
struct EntryOptions {
  unsigned permissions = 0644;                  // setuid, setgid and sticky bits are dropped
  std::map<std::string, std::string> xattrs{};  // by full name; all names begin with "user."
};

}  // namespace xaas
