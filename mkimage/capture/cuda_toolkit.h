// Lets clang compile CUDA code with a toolkit that is newer than clang. Implements spec/cuda.md, "Newer toolkits".
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "format/base/error.h"
#include "mkimage/record/capture_environment.h"

namespace xaas {

inline constexpr std::string_view kPtxas = "ptxas";

// The options that clang needs in front of a command that compiles CUDA code. Empty if it knows the toolkit that it
// finds for this command, or finds none. `arguments` have no response files. Makes the files that the options name.
Result<std::vector<std::string>> options_for_newer_toolkit(const CaptureEnvironment& environment,
                                                           const std::string& clang,
                                                           const std::vector<std::string>& arguments);

// Whether the command may link code for GPUs, which clang then does with programs of a toolkit.
bool links_device_code(const std::vector<std::string>& arguments);
// The directory in which clang finds the programs that it needs for such a link, to be the first of PATH. Empty if
// clang knows the toolkit that it finds, or finds none.
Result<std::string> programs_for_newer_toolkit(const CaptureEnvironment& environment, const std::string& clang,
                                               const std::vector<std::string>& arguments);

// Whether it is the name of a program of a toolkit in whose place xaas-cc runs for clang.
bool is_toolkit_program(std::string_view name);

// The arguments with which the program of a newer toolkit does what clang asks of an older one.
std::vector<std::string> arguments_for_newer_toolkit(std::string_view program,
                                                     const std::vector<std::string>& arguments);

// Runs the program of the toolkit for which xaas-cc was called by this path, one of those that options name. Returns
// only if that fails, with an exit status.
int run_toolkit_program(const std::string& called_as, const std::vector<std::string>& arguments);

}  // namespace xaas
