// The files and directories of a source that CMake's file(GLOB) finds.
#pragma once

#include <string>
#include <vector>

#include "mkimage/discover/source_tree.h"

namespace xaas {

// What matches the pattern, sorted; at most 10,000. Paths and the pattern, which is normal, are relative to the tree.
// Each part of the pattern may have `*`, `?` and `[…]`.
std::vector<std::string> paths_that_match(const SourceTree& tree, const std::string& pattern);

}  // namespace xaas
