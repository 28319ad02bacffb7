// Directories that the mount shows under another name than they have in the image: the chosen configuration's build
// directory and, in the tree of another configuration than the default one, the image's private directory. Implements
// spec/mount.md, "What is shown".
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "format/image.h"
#include "format/squashfs/types.h"

namespace xaas {

struct Alias {
  InodeRef parent;
  DirectoryEntry entry;  // with the name that is shown
  std::string path;      // in the image, ends with '/'
};

// Each is shown in its one new place only. Immutable once made, thread-safe.
class Aliases {
 public:
  // Shows the directory `path` of the image as `name` in the directory `parent`. Does nothing where the image has no
  // such directories.
  void add(const SquashfsReader& squashfs, std::string_view parent, std::string_view name, const std::string& path);

  // Null without one.
  const Alias* find(InodeRef parent, std::string_view name) const;
  // Whether the directory is shown in another place than here.
  bool is_elsewhere(InodeRef parent, const DirectoryEntry& entry) const;

 private:
  std::vector<Alias> aliases_;
};

}  // namespace xaas
