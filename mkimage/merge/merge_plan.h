// What images of one program for several architectures become together: the manifest, and where their files are then.
// Implements spec/image-format.md, section "Merged images".
#pragma once

#include <sys/types.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "format/image.h"

namespace xaas {

// One of the images, and what it is called in the merged one.
struct MergePart {
  std::shared_ptr<const Image> image;
  std::string tree;                          // where its root is: tree_root() in the merged image; "" for the first
  std::map<std::string, std::string> names;  // of its configurations: old -> new

  std::string path() const { return image->path().string(); }
};

struct MergePlan {
  Manifest manifest;
  std::vector<MergePart> parts;  // in the order in which they were given
};

// Code::invalid, with the reason, if the images are not of one program: name, version, prefix, main program or policy
// differ, or two of them have programs for one architecture. Code::unsupported if one has something that this version
// does not know and would lose. REQUIRES: there are at least two.
Result<MergePlan> plan_merge(const std::vector<std::shared_ptr<const Image>>& images);

// Where an entry of `part` is in the merged image. Nullopt for an entry that is made anew: the manifest, the index, and
// the link to the generated sources of the default configuration. `type` is the entry's.
std::optional<std::string> merged_path(const MergePart& part, const std::string& path, mode_t type);

}  // namespace xaas
