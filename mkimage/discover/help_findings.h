// What the helps of options tell beside their names; see spec/discovery.md, "Names".
#pragma once

#include <vector>

#include "mkimage/discover/findings.h"
#include "mkimage/discover/option_name.h"

namespace xaas {

// "Enable the CUDA and cuFFT backend" and "MKL for LAPACK and FFTW" name a library for Fourier transforms beside the
// term that the switch is about.
std::vector<Finding> transforms_in_help(const BuildPoint& point, const OptionName& name, const Knowledge& knowledge);

// The models that the help of a switch for all GPUs names: "GPU support by OpenACC".
std::vector<Finding> models_in_help(const BuildPoint& gpu_switch, const Knowledge& knowledge);

}  // namespace xaas
