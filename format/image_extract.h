// Unpacks an image into a directory.
#pragma once

#include <filesystem>

#include "format/base/error.h"
#include "format/image.h"

namespace xaas {

// Everything in the image into `directory`, which must be empty or not exist: files (holes stay holes), symbolic and
// hard links, permissions without setuid, setgid and sticky, times, and the extended attributes `user.*` as far as the
// file system goes. Files are checked against the index on the way; a movable prefix is `directory` then. On an error
// nothing is left behind. A directory that exists keeps its own permissions. Nothing is written outside `directory`.
Status extract(const Image& image, const std::filesystem::path& directory);

}  // namespace xaas
