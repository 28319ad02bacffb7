// See entry_attributes.h.
#include "format/entry_attributes.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "format/squashfs/xattrs.h"

namespace xaas {
namespace {

// The errors of a file system that has no room for an attribute, or does not support attributes.
constexpr std::array kNoRoom{ENOTSUP, EPERM, ENOSPC, E2BIG, ERANGE};

}  // namespace

Status set_attributes(const SquashfsReader& reader, InodeRef ref, const Attributes& attributes,
                      const std::filesystem::path& target) {
  XAAS_ASSIGN(const auto xattrs, reader.xattrs(ref));
  for (const auto& [name, value] : xattrs) {
    if (!name.starts_with(kXattrPrefix)) continue;
    if (lsetxattr(target.c_str(), name.c_str(), value.data(), value.size(), 0) != 0 &&
        std::ranges::find(kNoRoom, errno) == kNoRoom.end()) {
      return fail_errno(fmt::format("cannot set {} of {}", name, target.string()));
    }
  }
  if (!S_ISLNK(attributes.mode) && chmod(target.c_str(), attributes.mode & kPermissionBits) != 0) {
    return fail_errno(fmt::format("cannot change the permissions of {}", target.string()));
  }
  const timespec times[2] = {{.tv_sec = attributes.mtime, .tv_nsec = 0}, {.tv_sec = attributes.mtime, .tv_nsec = 0}};
  if (utimensat(AT_FDCWD, target.c_str(), times, AT_SYMLINK_NOFOLLOW) != 0) {
    return fail_errno(fmt::format("cannot set the times of {}", target.string()));
  }
  return {};
}

}  // namespace xaas
