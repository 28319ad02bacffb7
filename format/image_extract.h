// Unpacks an image into a directory.
#pragma once

#include <filesystem>
#include <string_view>

#include "format/base/error.h"
#include "format/image.h"

namespace xaas {

// Unpacks everything in the image into `directory`, which must be empty or not exist: files (holes stay holes),
// symbolic and hard links, permissions without setuid, setgid and sticky, times, and the extended attributes `user.*`
// that the file system accepts. Checks files against the index on the way. A movable prefix becomes `directory`. After
// an error nothing is left behind. An existing directory keeps its own permissions. Nothing is written outside
// `directory`.
Status extract(const Image& image, const std::filesystem::path& directory);

// The same for what is below the directory `from` of the image, with three differences: `directory` must exist and be
// empty, a movable prefix stays, and an error leaves there what was unpacked so far.
Status extract_below(const Image& image, std::string_view from, const std::filesystem::path& directory);

}  // namespace xaas
