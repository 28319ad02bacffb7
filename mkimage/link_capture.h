// Runs one link as part of a capturing build: natively, with lld, which tells us what it linked.
#pragma once

#include "mkimage/capture_environment.h"
#include "mkimage/compile_capture.h"

namespace xaas {

// Runs the link, records it under the build-id of what came out, and returns the exit status. When lld cannot do what
// the project's own linker can, the command is run as the project gave it and the file stays native.
int link_and_capture(const CaptureEnvironment& environment, const Compilation& compilation);

}  // namespace xaas
