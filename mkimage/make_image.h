// From a source tree to an image: the phases of mkxaas in order.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "format/base/error.h"
#include "format/base/progress.h"
#include "mkimage/plan/configuration_plan.h"
#include "mkimage/plan/recipe_file.h"

namespace xaas {

enum class ToolchainChoice { full, none };

struct MakeImageOptions {
  std::filesystem::path source;  // empty: what the recipe file names
  std::filesystem::path image;
  std::optional<std::filesystem::path> recipe_file;  // none: xaas.toml in `source`, if it is there
  Restrictions restrictions;                         // of the configurations
  BuildRecipe overrides;                             // what the command line says; wins over the file
  std::vector<std::string> arguments;                // for the build system; see make_build_plan()
  unsigned jobs = 1;
  std::optional<std::filesystem::path> work;  // none: <image>.build
  bool keep_build = false;                    // the work directory stays
  ToolchainChoice toolchain = ToolchainChoice::full;
  std::optional<std::filesystem::path> report;  // JSON
};

// An error where there are options.arguments and no command takes them: the command line is wrong. Nothing is said of
// other mistakes.
Status check_arguments(const MakeImageOptions& options);

// The commands that make_image() would run, and the configurations that it would build, a line each. Nothing is built.
Result<std::string> describe_configurations(const MakeImageOptions& options);

// Makes options.image, or leaves no image. The work directory stays where it is to be kept, and where a step failed:
// the error says so then, and the next run takes up there. The output of a build command that failed went to standard
// error. A second line of an error is advice.
Status make_image(const MakeImageOptions& options, Progress& progress);

}  // namespace xaas
