// The source that goes into an image whole, as it was before the build. Implements spec/image-format.md, "Source".
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "format/base/error.h"
#include "format/source_record.h"
#include "format/whole_source.h"
#include "mkimage/plan/build_plan.h"
#include "mkimage/plan/configuration_plan.h"
#include "mkimage/record/capture_environment.h"

namespace xaas {

// Copies the source to `to`, which must not exist, and reads the copy, because the source may change while it is built.
// Left out are the absolute paths `without`, what `left_out` (patterns of paths) names, and the directories of version
// control.
Result<WholeSource> record_source(const std::filesystem::path& source,
                                  const std::vector<std::filesystem::path>& without,
                                  const std::vector<std::string>& left_out, const std::filesystem::path& to);

// Whether one of the patterns names this path in the source, or a directory above it.
bool is_left_out(const std::vector<std::string>& patterns, const std::string& path);

// What the image says of the source. The versions are those of the compilers of `environment`, and of the usual build
// tools in PATH.
SourceRecord describe_source(const WholeSource& tree, const BuildPlan& plan,
                             const std::vector<PlannedConfiguration>& configurations,
                             const CaptureEnvironment& environment);

}  // namespace xaas
