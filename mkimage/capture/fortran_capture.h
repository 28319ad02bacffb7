// Compiles Fortran in a build by mkxaas. flang makes no objects with bitcode, so each unit is compiled twice: into the
// object that the project asked for, and into bitcode. Implements spec/lowering.md, "Canonical form".
#pragma once

#include <string>
#include <string_view>

#include "mkimage/compiler/compilation.h"
#include "mkimage/record/capture_environment.h"

namespace xaas {

// Records the object that the command has made of `source`. `target` is the object file, or the file into which a
// temporary object is linked. Compiles the source again for the bitcode, when all module files that it makes and uses
// are there. If that fails, the unit is native.
void record_fortran_unit(const CaptureEnvironment& environment, const Compilation& compilation,
                         const std::string& source, const std::string& target, std::string_view object);

// Like compile_and_capture(), but for flang. If flang refuses, the CaptureStore remembers its message.
int compile_fortran(const CaptureEnvironment& environment, const Compilation& compilation);

}  // namespace xaas
