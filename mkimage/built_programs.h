// Finds how a user would install what a build has made, for projects that do not say it, or do not ask where to.
#pragma once

#include <filesystem>
#include <string>
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

// For a makefile that installs to /usr/local whatever the prefix: `command`, the install command so far, followed by
// assignments of $DESTDIR$PREFIX to the variables by which the makefile in `source` names that directory. Variables
// that the command sets already are left out. Empty if no other is there.
std::string redirected_install(const std::filesystem::path& source, const std::string& command);

}  // namespace xaas
