// The code for devices of a unit with OpenMP target regions, as bitcode. Implements spec/cuda.md, "OpenMP".
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "format/base/error.h"
#include "mkimage/compiler/compilation.h"
#include "mkimage/record/capture_environment.h"
#include "mkimage/record/capture_store.h"

namespace xaas {

// Compiles the only source of the command once more, for its devices, and stores the bitcode. Devices for which images
// have no code generator are left out; if `object`, which the command has made, has code for no others, nothing is
// compiled.
Result<std::vector<UnitRegions>> capture_regions(const CaptureEnvironment& environment, const Compilation& compilation,
                                                 const std::filesystem::path& object);

// A compile's arguments with those that give target regions, and the sources in debug information, names that are the
// same in each build.
std::vector<std::string> with_fixed_names(const CaptureEnvironment& environment, std::vector<std::string> arguments);

}  // namespace xaas
