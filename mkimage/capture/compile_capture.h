// Runs one compile as part of a capturing build: real objects as the project asked for, which also carry ThinLTO
// pre-link bitcode. Implements spec/lowering.md, "Canonical form", as far as the compiler's flags go.
#pragma once

#include "mkimage/compiler/compilation.h"
#include "mkimage/record/capture_environment.h"
#include "mkimage/reuse/capture_cache.h"

namespace xaas {

// Runs the compiler, records what it made and returns its exit status. A capture that does not work out never shows:
// the compiler is run as the project asked, and the object stays native, with the reason in its record.
int compile_and_capture(const CaptureEnvironment& environment, const Compilation& compilation);

// Writes the object that a compile of the command's only input made, and says what the compiler said.
Status replay(const Compilation& compilation, const CompileResult& result);

}  // namespace xaas
