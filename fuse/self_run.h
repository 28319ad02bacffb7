// What an executable image does when it is run: its main program, or a command that begins with --xaas-. Implements
// spec/mount.md, "An image that runs itself".
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "format/base/error.h"

namespace xaas {

// Does what the command line says, and returns the exit status. If a signal has ended the program that was run, the
// same signal ends this process. Errors go to standard error. `words` is the whole command line, and `mount_tool` is
// xaas-mount, given its operands and options. REQUIRES: is_runner(); this process has one thread.
int run_self(const std::vector<std::string>& words,
             const std::function<Result<int>(std::vector<std::string>)>& mount_tool);

}  // namespace xaas
