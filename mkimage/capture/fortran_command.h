// flang's command lines in a build by mkxaas.
#pragma once

#include <string>
#include <vector>

#include "mkimage/compiler/compilation.h"
#include "mkimage/record/capture_environment.h"

namespace xaas {

// The reason in the record of an object that another Fortran compiler made.
inline constexpr const char* kNotLowered = "compiled by gfortran, whose code cannot be lowered";

// Whether code of this Fortran compiler can be lowered. `compiler` is a name or path.
bool is_flang(const std::string& compiler);

// The option that loads the compiler plugin.
std::string pass_plugin(const CaptureEnvironment& environment);

// The project's arguments, followed by those of the capture. They make real objects, whose code names the sources as
// they are named in the image.
std::vector<std::string> fortran_arguments(const CaptureEnvironment& environment, const Compilation& compilation);

}  // namespace xaas
