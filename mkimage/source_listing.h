// What a source tree looked like when it was copied, so that a later run copies only what has changed since. Implements
// spec/recipe.md, "When a step fails".
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "format/base/error.h"

namespace xaas {

// Path, relative to the source -> what tells a file from another: mode, size and time of change. Nothing else is known
// of directories than that they are there.
using SourceListing = std::map<std::string, std::string>;

// Of files, directories and symlinks; `without` are absolute paths in `source` that are left out.
Result<SourceListing> list_source(const std::filesystem::path& source,
                                  const std::vector<std::filesystem::path>& without);

struct SourceChanges {
  std::vector<std::string> changed;   // or new
  std::vector<std::string> vanished;  // what was below a directory in front of it
  bool any() const { return !changed.empty() || !vanished.empty(); }
};

SourceChanges compare_listings(const SourceListing& before, const SourceListing& now);

// Makes the same changes to the copy `to` of `from`. Copied files are new there, however old they are, and so newer
// than anything that was built of them.
Status apply_changes(const SourceChanges& changes, const std::filesystem::path& from, const std::filesystem::path& to);

}  // namespace xaas
