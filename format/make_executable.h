// Makes an image that runs itself: a static xaas-mount, and the image behind it. Implements spec/image-format.md,
// "Executable images".
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "format/base/error.h"

namespace xaas {

// The runner of the xaas-mount beside this executable (make_runner()). Code::not_found if there is none. The message
// names the file.
Result<std::string> load_runner();

// Writes `executable`: the runner, and behind it the image that begins at `offset` of the file `image`. If `image` has
// a runner already, the new one takes its place. `executable` appears when it is whole; it may be `image` itself.
Status make_executable(const std::filesystem::path& image, std::uint64_t offset,
                       const std::filesystem::path& executable);

}  // namespace xaas
