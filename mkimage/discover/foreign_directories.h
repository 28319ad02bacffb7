// Directories of a source whose choices are not the project's own: other projects that lie in it, and what is beside
// the program, such as tests.
#pragma once

#include <string_view>

namespace xaas {

// Whether a component of the path is the name of such a directory.
bool is_foreign_directory(std::string_view path);

}  // namespace xaas
