// What others have put into an installation stays there when it is updated. Implements spec/install.md, "Updates".
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "format/base/error.h"

namespace xaas {

// Links every file of `old_tree` that is not one of ours into `new_tree`, and makes directories for them. `is_ours`
// says so of a path below the tree. Leaves out what the new tree has itself. Returns an error for a file that cannot be
// linked, and for a name that has become a file where files of others need a directory.
Status keep_foreign_files(const std::filesystem::path& old_tree, const std::filesystem::path& new_tree,
                          const std::function<bool(const std::string& path)>& is_ours);

}  // namespace xaas
