// What a source tree looked like when it was copied. By it, a later run copies only what has changed since. Implements
// spec/recipe.md, "When a step fails".
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "format/base/error.h"

namespace xaas {

// Maps each path, relative to the source, to a text that differs when the file does: mode, size and time of change. For
// a directory it only says that it exists.
using SourceListing = std::map<std::string, std::string>;

// Lists files, directories and symlinks. `without` are absolute paths in `source` that are left out.
Result<SourceListing> list_source(const std::filesystem::path& source,
                                  const std::vector<std::filesystem::path>& without);

struct SourceChanges {
  std::vector<std::string> changed;   // changed or new
  std::vector<std::string> vanished;  // a directory comes after what was in it
  bool any() const { return !changed.empty() || !vanished.empty(); }
};

SourceChanges compare_listings(const SourceListing& before, const SourceListing& now);

// Makes the same changes to `to`, which is a copy of `from`. A copied file gets the current time, whatever the time of
// its original, so it is newer than anything that was built from it.
Status apply_changes(const SourceChanges& changes, const std::filesystem::path& from, const std::filesystem::path& to);

}  // namespace xaas
