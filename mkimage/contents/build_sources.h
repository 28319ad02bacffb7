// Collects the sources that the build read for what it installed. They go into the image.
#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "mkimage/record/capture_environment.h"

namespace xaas {

// Maps paths in the image to files: the sources and headers of those `units` whose objects are in `used`, and of
// precompiled headers. A file counts if it is in the source or build directory and still exists. `build_name` is the
// name of the build directory in the image.
std::map<std::string, std::filesystem::path> build_sources(const CaptureEnvironment& environment,
                                                           const std::vector<UnitRecord>& units,
                                                           const std::set<Digest>& used, const std::string& build_name);

}  // namespace xaas
