// What to run to build a source tree, from what the user said, what xaas.toml says, and what the tree looks like.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "format/base/error.h"
#include "mkimage/plan/recipe_file.h"

namespace xaas {

// The steps of a build, in order.
enum class Stage { configure, build, install };
std::string_view stage_name(Stage stage);

// The compiler for Fortran: code of flang can be lowered, gfortran compiles what flang does not.
enum class FortranChoice { flang, gfortran };

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
  std::optional<FortranChoice> fortran{};       // none: flang, or gfortran where that does not build the project
  std::string policy{kDefaultPolicy};           // of lowering
  std::vector<std::string> sources_left_out{};  // patterns; not in the image
  std::vector<InstalledAsIs> files{};
  std::vector<std::string> arguments{};  // the words behind `--`, which the commands see as "$@"
  bool takes_arguments = true;           // a command does something with them, or there are none
};

// `options` win over `file`, which wins over what the tree suggests: commands of CMake, Meson, a configure script or
// Make, name and version from the project's own files, else from the directory's name. Code::unsupported when no
// command is known, saying which options to give. Code::not_found when the tree has no file for the build system that
// was named, saying which ones it has.
//
// `arguments` are appended to the build system's own command that configures, or to those that build and install where
// nothing is configured. A command that was given has its own place for them, "$@".
Result<BuildPlan> make_build_plan(const std::filesystem::path& source, const BuildRecipe& file,
                                  const BuildRecipe& options, const std::vector<std::string>& arguments = {});

// The commands as text, each as it can be given: a line for each one that does something, and one for the arguments
// where a command names them.
std::string describe_commands(const BuildPlan& plan);

}  // namespace xaas
