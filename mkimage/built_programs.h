// What a build has made that somebody would want to install, for projects that do not say how.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace xaas {

// Words for sh that name files as an install command can: relative to $SRC, or with $BUILD in front.
struct BuiltPrograms {
  std::vector<std::string> programs;
  std::vector<std::string> libraries;  // shared ones, and symlinks to them
};

// Executables and shared libraries in the copy `source` of `original`, which has them not, and in `build`; sorted, one
// of a name. Object files are left out, and so are files that look like tests by their name or directory.
BuiltPrograms find_built_programs(const std::filesystem::path& source, const std::filesystem::path& original,
                                  const std::filesystem::path& build);

// A command that installs them.
std::string install_command(const BuiltPrograms& built);

// Whether make said that there is no target `install`.
bool lacks_install_target(std::string_view log);

}  // namespace xaas
