// The libraries of the compiler's runtime that an image brings, for C++ and for unwinding. A host has its own, and
// other libraries of the host may need those: a process can have only one of each. Implements spec/lowering.md, section
// "Choosing a configuration".
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "format/image.h"

namespace xaas {

// The directory in the image with its runtime libraries; empty when it has none for this kind of host.
std::string runtime_directory(const Image& image);

// Whether they are used here, and not the host's: each of them finds all that it needs in the host's libc, and one of
// them defines a version that the host's lacks.
bool uses_runtime_of(const Image& image);

// The directories in the image where libraries are looked for after those of the tree, in order.
std::vector<std::string> toolchain_libraries(const Image& image);

}  // namespace xaas
