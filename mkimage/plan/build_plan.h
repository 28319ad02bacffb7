// Decides what to run to build a source tree, from what the user says, what xaas.toml says, and what the tree looks
// like.
#pragma once

#include <array>
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

// The compiler for Fortran. Code of flang can be lowered. gfortran compiles what flang does not.
enum class FortranChoice { flang, gfortran };

// Turing, Ampere, Hopper. Code for a family runs on newer GPUs, too.
inline constexpr auto kCudaFamilies = std::to_array<unsigned>({75, 80, 90});

struct BuildPlan {
  std::string name;
  std::string version;
  std::string prefix;    // absolute, normal, not "/"
  bool movable = false;  // no prefix was given: `prefix` is a placeholder
  // Shell commands that see $SRC, $BUILD, $DESTDIR, $PREFIX, $JOBS, $CONFIGURATION, $CC, $CXX. An empty one does
  // nothing.
  std::string configure;
  std::string build;
  std::string install;
  std::string main{};                        // path of the main program, relative to the prefix; empty: not said
  bool installs_by_default = false;          // `install` was not given, so it may not work
  std::vector<std::string> other_systems{};  // what the source has files for too, if nobody chose how to configure
  std::optional<FortranChoice> fortran{};    // nullopt: flang, or gfortran if flang does not build the project
  std::string policy{kDefaultPolicy};        // policy of lowering
  LevelPlan levels{};
  LevelPlan ready{};                 // CPUs for which ready files are made; see ready_cpus()
  bool bundles = true;               // whether the image brings the libraries of others that it needs
  bool with_source = false;          // whether the whole source goes into the image
  std::vector<std::string> slots{};  // whose libraries a host can replace; see format/slots.h
  // Architectures of GPUs for which nvcc compiles, beside what the project asks for.
  std::vector<unsigned> cuda_families{kCudaFamilies.begin(), kCudaFamilies.end()};
  std::vector<std::string> sources_left_out{};    // patterns of sources that do not go into the image
  std::vector<std::string> libraries_left_out{};  // patterns of sonames of libraries that are left to the host
  std::vector<InstalledAsIs> files{};
  std::vector<std::string> arguments{};  // the words behind `--`; commands see them as "$@"
  bool takes_arguments = true;           // a command uses `arguments`, or they are empty
};

// Makes the plan. `options` win over `file`, which wins over what the tree suggests. The tree suggests the commands of
// CMake, Meson, a configure script or Make, and name and version from the project's own files or else from the
// directory's name. Code::unsupported if no command is known; the message says which options to give. Code::not_found
// if the tree has no file for the build system that was named; the message says which ones it has. Code::invalid if the
// prefix or the path of the main program cannot be one.
//
// `arguments` are appended to the build system's own configure command. If that system has none, they are appended to
// its commands that build and install. A command that was given takes them by "$@".
Result<BuildPlan> make_build_plan(const std::filesystem::path& source, const BuildRecipe& file,
                                  const BuildRecipe& options, const std::vector<std::string>& arguments = {});

// The commands as text, in the form in which the user can give them. There is one line for each command that is not
// empty, and one for the arguments if a command names them.
std::string describe_commands(const BuildPlan& plan);

}  // namespace xaas
