// Stands in for a linker that a compiler starts. It runs the real linker as it was asked to, and records the link if
// lld makes the same of it. Implements spec/lowering.md, "The link that the project asked for".
#pragma once

#include <string>
#include <vector>

#include "mkimage/record/capture_environment.h"

namespace xaas {

// `name` is the name by which the compiler knows the linker, and `arguments` do not include it. Returns the real
// linker's exit status. The project does not notice if recording fails: the file stays as it was linked, with the
// reason in its record.
int link_and_record(const CaptureEnvironment& environment, const std::string& name,
                    const std::vector<std::string>& arguments);

}  // namespace xaas
