// Runs the user's command in a mount and returns its exit status, as a shell would.
#pragma once

#include <string>
#include <vector>

#include "format/error.h"

namespace xaas {

// 0 to 255 as the command says; 128 + N when signal N ended it; 127 when it was not found, 126 when it cannot be
// executed. TERM and HUP are handed on to it; the terminal's INT and QUIT are its own business. REQUIRES: one thread.
Result<int> run_command(const std::vector<std::string>& command);

}  // namespace xaas
