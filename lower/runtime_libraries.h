// The libraries of the compiler's runtime that an image brings, for C++ and for unwinding. A host has its own, and
// other libraries of the host may need those. A process can have only one of each. Implements spec/lowering.md, section
// "Choosing a configuration".
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "format/image.h"
#include "lower/host_view.h"

namespace xaas {

// The directory in the image that holds its runtime libraries; empty if the image has none for this kind of host.
std::string runtime_directory(const Image& image, const HostView& host = *this_host());

// Whether the image's runtime libraries are used on `host` instead of its own. Both of these must hold: each library
// finds all versions that it needs in the host's libc, and one of them defines a version that the host's library lacks.
// The manifest has the versions. So none of the image's libraries is read.
bool uses_runtime_of(const Image& image, const HostView& host = *this_host());

// The directory in the image that is not shown on `host`, because the host's runtime libraries are used; empty if there
// is none.
std::string hidden_directory(const Image& image, const HostView& host = *this_host());

// The directories in the image that are searched for libraries after those of the tree, in order. `hidden` is
// hidden_directory(), which reads versions of the host's libraries. Directories of slots are among them: links use
// bundled libraries there, whatever a tree shows.
std::vector<std::string> toolchain_libraries(const Image& image, const std::string& hidden,
                                             const HostView& host = *this_host());

}  // namespace xaas
