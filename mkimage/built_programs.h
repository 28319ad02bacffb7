// Finds what a build has made that a user would install, for projects that do not say how to install.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace xaas {

// Words for sh that name files as an install command can. A word is relative to $SRC, or has $BUILD in front.
struct BuiltPrograms {
  std::vector<std::string> programs;
  std::vector<std::string> libraries;  // shared libraries, and symlinks to them
};

// Finds the executables and shared libraries in `build`, and those in `source`, a copy of `original`, that `original`
// lacks. The result is sorted and has one file of each name. It leaves out object files, and files that look like tests
// by their name or directory.
BuiltPrograms find_built_programs(const std::filesystem::path& source, const std::filesystem::path& original,
                                  const std::filesystem::path& build);

// A command that installs what was found.
std::string install_command(const BuiltPrograms& built);

// Whether the log says that make found no target `install`.
bool lacks_install_target(std::string_view log);

}  // namespace xaas
