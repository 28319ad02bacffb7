// nvcc in a build by mkxaas: what it compiles for. Implements spec/cuda.md, "Families".
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "mkimage/record/capture_environment.h"

namespace xaas {

inline constexpr std::string_view kNvccName = "nvcc";
// The name under which xaas-cc runs the nvcc that its first argument names, as CMake's launchers of compilers do.
inline constexpr std::string_view kNvccLauncher = "xaas-nvcc";
// The variable that tells the compilers which an nvcc starts that it was called by xaas-cc.
inline constexpr const char* kNvccVariable = "XAAS_NVCC";

// The command with what the user's variables NVCC_PREPEND_FLAGS and NVCC_APPEND_FLAGS add, and with the words of
// options files (-optf, --options-file) in their places: CMake writes directories and defines into such files. A file
// that cannot be read stays where it is, for nvcc to say why. A command that would be too long stays as it is.
std::vector<std::string> whole_nvcc_command(const std::vector<std::string>& arguments);

// Removes -arch=native, which means the GPU of the build machine. Returns the removed arguments; empty if there were
// none.
std::vector<std::string> remove_native_gpu(std::vector<std::string>& arguments);

// The architectures of which nvcc is to keep PTX.
struct NvccFamilies {
  std::set<unsigned> own;   // for which the command compiles anyway
  std::set<unsigned> more;  // those of `families` that are not below the lowest architecture that the command names
};
// For a command and the families of the image (75, 80, …). Empty if the command makes no object or program of CUDA
// sources, or if it is better left alone: where it has code for link-time optimisation, or all architectures.
NvccFamilies nvcc_families(const std::vector<std::string>& arguments, const std::vector<unsigned>& families);

// Runs nvcc, which is the first of the arguments, with PTX of those architectures, and shows what it prints. Leaves out
// families for which the source does not compile; the store has a note of each. False if nothing is left, or if nvcc
// fails all the same: then nothing is shown.
bool compile_with_families(const CaptureEnvironment& environment, const std::vector<std::string>& arguments);

// Whether the command makes code for GPUs that is optimised when it is linked.
bool optimises_at_link(const std::vector<std::string>& arguments);

// Runs an nvcc for the project's command, with PTX of the families where the sources compile for them. The first
// argument is the path of the nvcc. Returns the exit status.
int run_nvcc(const CaptureEnvironment& environment, std::vector<std::string> arguments);

// Does the same with the real nvcc in PATH. The arguments are without the program.
int run_nvcc_in_path(const CaptureEnvironment& environment, std::vector<std::string> arguments);

}  // namespace xaas
