// CMake's commands that only compute values: string, list, math, get_filename_component, cmake_parse_arguments,
// separate_arguments.
#pragma once

#include <string>
#include <vector>

#include "mkimage/discover/cmake_values.h"

namespace xaas {

// Runs the command if it is one of these, with arguments in which variables are expanded. A result that cannot be known
// becomes unknown. False if it is another command.
bool run_value_command(const std::string& name, const std::vector<std::string>& arguments, CmakeVariables& variables);

}  // namespace xaas
