// Runs a program that may hang or print without end, to hear what it says of itself.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "format/base/error.h"
#include "format/base/process.h"

namespace xaas {

// Runs a program in the directory "/" with no input, and returns the first 64 KiB of what it prints on standard output
// and standard error together. The program and its children are killed when `limit` has passed or when it prints more.
// Code::failed if it does not end in time or does not succeed. REQUIRES: the path of the program is absolute.
Result<std::string> bounded_run(std::vector<std::string> arguments, Variables environment,
                                std::chrono::milliseconds limit);

}  // namespace xaas
