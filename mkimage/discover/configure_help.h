// What the help of an option says, as a configure script prints it: "--with-fft=fftw|mkl  library (default: fftw)".
#pragma once

#include <string>
#include <string_view>

#include "mkimage/discover/build_description.h"

namespace xaas {

// "yes" in "enable_mpi=yes" and "enable_mpi=\"yes\"", for the first variable that gets a value; "" if a `case` decides.
std::string assigned_value(std::string_view action);

// The point that an option of that name is. `answer` is the value that the script takes if the user says nothing, or
// "".
BuildPoint point_of_configure_help(const std::string& name, const std::string& help, FlagForm form,
                                   const std::string& answer);

}  // namespace xaas
