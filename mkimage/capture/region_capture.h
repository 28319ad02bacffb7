// The code for devices of a unit with OpenMP target regions, as bitcode. Implements spec/cuda.md, "OpenMP".
#pragma once

#include <vector>

#include "format/base/error.h"
#include "mkimage/compiler/compilation.h"
#include "mkimage/record/capture_environment.h"
#include "mkimage/record/capture_store.h"

namespace xaas {

// Compiles the only source of the command once more, for its devices, and stores the bitcode. Devices for which images
// have no code generator are left out.
Result<std::vector<UnitRegions>> capture_regions(const CaptureEnvironment& environment, const Compilation& compilation);

// The option by which the compiler gives names to target regions that are the same in each build; empty if there is no
// plugin.
std::vector<std::string> options_for_region_names(const CaptureEnvironment& environment);

}  // namespace xaas
