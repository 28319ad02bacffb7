// See aliases.h.
#include "fuse/aliases.h"

#include <sys/stat.h>

#include <algorithm>

namespace xaas {

void Aliases::add(const SquashfsReader& squashfs, std::string_view parent, std::string_view name,
                  const std::string& path) {
  const auto directory = squashfs.resolve(parent);
  const auto ref = squashfs.resolve(path);
  const auto attributes = ref ? squashfs.stat(*ref) : tl::unexpected(ref.error());
  if (!directory || !attributes) return;
  aliases_.push_back({*directory, {std::string(name), *ref, attributes->inode, S_IFDIR}, path});
}

const Alias* Aliases::find(InodeRef parent, std::string_view name) const {
  const auto found = std::ranges::find_if(
      aliases_, [&](const Alias& alias) { return alias.parent == parent && alias.entry.name == name; });
  return found == aliases_.end() ? nullptr : &*found;
}

bool Aliases::is_elsewhere(InodeRef parent, const DirectoryEntry& entry) const {
  return std::ranges::any_of(aliases_, [&](const Alias& alias) {
    return alias.entry.ref == entry.ref && (alias.parent != parent || alias.entry.name != entry.name);
  });
}

}  // namespace xaas
