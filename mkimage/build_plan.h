// What to run to build a source tree, from what the user said, what xaas.toml says, and what the tree looks like.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "format/error.h"
#include "mkimage/recipe_file.h"

namespace xaas {

// The steps of a build, in order.
enum class Stage { configure, build, install };
std::string_view stage_name(Stage stage);

struct BuildPlan {
  std::string name;
  std::string version;
  std::string prefix;    // absolute, normal, not "/"
  bool movable = false;  // nobody named a prefix: it is a placeholder for wherever the image will be mounted
  // Shell commands that see $SRC, $BUILD, $DESTDIR, $PREFIX, $JOBS, $CC, $CXX; empty: nothing to do.
  std::string configure;
  std::string build;
  std::string install;
  bool installs_by_default = false;             // nobody gave `install`: whether it does its work is a guess
  std::string policy{kDefaultPolicy};           // of lowering
  std::vector<std::string> sources_left_out{};  // patterns; not in the image
  std::vector<InstalledAsIs> files{};
};

// `options` win over `file`, which wins over what the tree suggests: commands of CMake, Meson, a configure script or
// Make, name and version from the directory's name. Code::unsupported when no command is known, saying which options to
// give.
Result<BuildPlan> make_build_plan(const std::filesystem::path& source, const BuildRecipe& file,
                                  const BuildRecipe& options);

}  // namespace xaas
