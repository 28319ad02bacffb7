// Compiling Fortran as part of a capturing build. flang makes no objects with bitcode, so each unit is compiled twice:
// as the project asked, and into bitcode beside it. Implements spec/lowering.md, "Canonical form".
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "mkimage/compile_capture.h"

namespace xaas {

// The reason in the record of what another Fortran compiler made.
inline constexpr const char* kNotLowered = "compiled by gfortran, whose code cannot be lowered";

// Whether code of this Fortran compiler can be lowered. `compiler` is a name or path.
bool is_flang(const std::string& compiler);

// The project's arguments with ours behind them: real objects, whose code tells where the sources are in the image.
std::vector<std::string> fortran_arguments(const CaptureEnvironment& environment, const Compilation& compilation);

// Records an object that the command has made of `source`, as or for the file `target`, with bitcode for which the
// source is compiled again: the module files that it makes and uses are there by then. Where that does not work out,
// the unit is native.
void record_fortran_unit(const CaptureEnvironment& environment, const Compilation& compilation,
                         const std::string& source, const std::string& target, std::string_view object);

// As compile_and_capture(), for flang. What the compiler refuses is remembered in the CaptureStore.
int compile_fortran(const CaptureEnvironment& environment, const Compilation& compilation);

}  // namespace xaas
