// What a SquashFS image says of a file, for those who read images and those who write them.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <string>

namespace xaas {

// Where an inode stands in the inode table (48 bits). Hard links share it. 0 is the first inode of the table, so a
// valid one.
using InodeRef = std::uint64_t;

struct Attributes {
  std::uint32_t inode = 0;  // inode number, from 1
  mode_t mode = 0;          // type and permissions, without setuid, setgid and sticky
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::int64_t mtime = 0;  // seconds since 1970
  std::uint32_t nlink = 1;
  std::uint64_t size = 0;  // bytes; length of the target for a symlink
  dev_t rdev = 0;
};

struct DirectoryEntry {
  std::string name;  // never "." or ".."
  InodeRef ref = 0;
  std::uint32_t inode = 0;
  mode_t type = 0;  // S_IFREG, S_IFDIR, ...
};

// Of an entry to be written.
struct EntryOptions {
  unsigned permissions = 0644;                  // setuid, setgid and sticky bits are dropped
  std::map<std::string, std::string> xattrs{};  // full names, all of "user."
};

}  // namespace xaas
