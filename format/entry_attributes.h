// Gives a file on disk what an image says of it beside its content.
#pragma once

#include <filesystem>

#include "format/base/error.h"
#include "format/squashfs/reader.h"

namespace xaas {

// Gives the file, directory or symbolic link `target`, which is not followed, what the image has for `ref`: the
// permissions without setuid, setgid and sticky, the time, and the extended attributes `user.*` that the file system
// accepts. Other attributes would grant rights. `attributes` are those of `ref`. Do it last: a directory may be
// read-only, and its time changes with its contents.
Status set_attributes(const SquashfsReader& reader, InodeRef ref, const Attributes& attributes,
                      const std::filesystem::path& target);

}  // namespace xaas
