// Stands in for a linker that a compiler starts: runs the real one as it was asked to, and records the link, as far as
// lld makes the same of it. Implements spec/lowering.md, "The link that the project asked for".
#pragma once

#include <string>
#include <vector>

#include "mkimage/record/capture_environment.h"

namespace xaas {

// `name` is the one that the compiler knows the linker by; `arguments` are without it. Returns the real linker's exit
// status. Recording that does not work out never shows: the file stays as it was linked, with the reason in its record.
int link_and_record(const CaptureEnvironment& environment, const std::string& name,
                    const std::vector<std::string>& arguments);

}  // namespace xaas
