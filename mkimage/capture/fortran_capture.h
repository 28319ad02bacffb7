// Compiling Fortran as part of a capturing build. flang makes no objects with bitcode, so each unit is compiled twice:
// as the project asked, and into bitcode beside it. Implements spec/lowering.md, "Canonical form".
#pragma once

#include <string>
#include <string_view>

#include "mkimage/compiler/compilation.h"
#include "mkimage/record/capture_environment.h"

namespace xaas {

// Records an object that the command has made of `source`, as or for the file `target`, with bitcode for which the
// source is compiled again: the module files that it makes and uses are there by then. Where that does not work out,
// the unit is native.
void record_fortran_unit(const CaptureEnvironment& environment, const Compilation& compilation,
                         const std::string& source, const std::string& target, std::string_view object);

// As compile_and_capture(), for flang. What the compiler refuses is remembered in the CaptureStore.
int compile_fortran(const CaptureEnvironment& environment, const Compilation& compilation);

}  // namespace xaas
