// The makefile that a user copies or names for a machine.
#pragma once

#include <optional>
#include <string>

#include "mkimage/discover/source_tree.h"

namespace xaas {

// In a path: a part that the user decides.
inline constexpr char kAnyText = '*';

// The file that stands for an included one: the file itself if the tree has it; else the one that the source has for a
// usual machine. `path` is make.inc where only make.inc.cray and make.inc.example are there, or system/*.make. Nullopt
// if there is none, or if no name tells which one is usual.
std::optional<std::string> find_machine_file(const SourceTree& tree, const std::string& path);

}  // namespace xaas
