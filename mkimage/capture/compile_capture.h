// Runs one compile of a build by mkxaas. Its objects are real, as the project asked for, and also carry ThinLTO
// pre-link bitcode. Implements spec/lowering.md, "Canonical form", as far as the compiler's flags go.
#pragma once

#include "mkimage/compiler/compilation.h"
#include "mkimage/record/capture_environment.h"
#include "mkimage/reuse/capture_cache.h"

namespace xaas {

// Runs the compiler, records what it made and returns its exit status. The project does not notice if the capture
// fails: the compiler then runs as the project asked, and the object stays native, with the reason in its record.
int compile_and_capture(const CaptureEnvironment& environment, const Compilation& compilation);

// Repeats an earlier compile of the command's only input: writes its object and prints its messages.
Status replay(const Compilation& compilation, const CompileResult& result);

}  // namespace xaas
