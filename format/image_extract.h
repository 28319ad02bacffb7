// Unpacks an image into a directory.
#pragma once

#include <filesystem>

#include "format/error.h"
#include "format/image.h"

namespace xaas {

// Everything in the image into `directory`, which must be empty or not exist: files (holes stay holes), symbolic and
// hard links, permissions without setuid, setgid and sticky, times, and extended attributes as far as the file system
// and the user's rights go. Files are checked against the index on the way. On an error nothing is left behind. A
// directory that exists keeps its own permissions. Nothing is written outside `directory`.
Status extract(const Image& image, const std::filesystem::path& directory);

}  // namespace xaas
