// Directories that the mount shows at another place than the image has them: the generated files of the configuration
// that is shown and, if this is not the default configuration, the image's private directory. Implements spec/mount.md,
// "What is shown".
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
  std::string path;      // path in the image, ends with '/'
};

// Each directory is shown at its new place only. Immutable once made, thread-safe.
class Aliases {
 public:
  // Shows the directory `path` of the image as `name` in the directory `parent`. Does nothing if the image lacks one of
  // the two directories.
  void add(const SquashfsReader& squashfs, std::string_view parent, std::string_view name, const std::string& path);

  // Null when there is no such alias.
  const Alias* find(InodeRef parent, std::string_view name) const;
  // Whether the directory is shown at another place than this one.
  bool is_elsewhere(InodeRef parent, const DirectoryEntry& entry) const;

 private:
  std::vector<Alias> aliases_;
};

}  // namespace xaas
