// nvcc in a build by mkxaas: what it compiles for. Implements spec/cuda.md, "Families".
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "mkimage/record/capture_environment.h"

namespace xaas {

inline constexpr std::string_view kNvccName = "nvcc";

// Removes -arch=native, which means the GPU of the build machine. Returns the removed arguments; empty if there were
// none.
std::vector<std::string> remove_native_gpu(std::vector<std::string>& arguments);

// The arguments by which nvcc keeps PTX of `families` (75, 80, …) as well, beside what the command asks for. These are
// the families that are not below the lowest architecture that the command names, and the architectures themselves.
// Empty if the command makes no object or program of CUDA sources, or if it is better left alone: where it has code for
// link-time optimisation, or all architectures.
std::vector<std::string> family_arguments(const std::vector<std::string>& arguments,
                                          const std::vector<unsigned>& families);

// Whether the command makes code for GPUs that is optimised when it is linked.
bool optimises_at_link(const std::vector<std::string>& arguments);

// Runs the real nvcc for the project's command, with PTX of the families where the sources compile for them. Returns
// the exit status.
int run_nvcc(const CaptureEnvironment& environment, std::vector<std::string> arguments);

}  // namespace xaas
