// Makes an image from a source tree: the phases of mkxaas in order.
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
  std::filesystem::path source;  // empty: the source that the recipe file names
  std::filesystem::path image;
  std::optional<std::filesystem::path> recipe_file;  // nullopt: xaas.toml in `source`, if it is there
  Restrictions restrictions;                         // which configurations to build
  BuildRecipe overrides;                             // settings of the command line; they win over the recipe file
  std::vector<std::string> arguments;                // for the build system; see make_build_plan()
  unsigned jobs = 1;
  std::optional<std::filesystem::path> work;  // nullopt: <image>.build
  bool keep_build = false;                    // whether the work directory stays
  ToolchainChoice toolchain = ToolchainChoice::full;
  std::optional<int> compression;               // as WriterOptions::zstd_level; nullopt: what is usual
  bool executable = false;                      // the image runs itself; see make_executable.h
  std::optional<std::filesystem::path> report;  // where to write the report, as JSON
};

// Checks whether a command takes options.arguments. An error means that the command line is wrong. Other mistakes are
// not reported here.
Status check_arguments(const MakeImageOptions& options);

// The commands that make_image() would run and the configurations that it would build, one on a line. Builds nothing.
Result<std::string> describe_configurations(const MakeImageOptions& options);

// Makes options.image, or leaves no image. The work directory stays if options.keep_build is set, and if a step failed;
// the error then says so, and the next run takes up there. The output of a failed build command goes to standard error.
// The second line of an error, if it has one, is advice.
Status make_image(const MakeImageOptions& options, Progress& progress);

}  // namespace xaas
