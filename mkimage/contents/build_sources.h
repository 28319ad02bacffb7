// The sources that the build read for what it installed: they go into the image.
#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "mkimage/record/capture_environment.h"

namespace xaas {

// Path in the image -> file. Sources and headers of the `units` whose objects are in `used`, and of precompiled
// headers, as far as they lie in the source or build directory and still exist.
// `build_name`: what the directory of the build is called in the image.
std::map<std::string, std::filesystem::path> build_sources(const CaptureEnvironment& environment,
                                                           const std::vector<UnitRecord>& units,
                                                           const std::set<Digest>& used, const std::string& build_name);

}  // namespace xaas
