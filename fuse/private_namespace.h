// A mount namespace of this process's own, in which an image can be mounted at its prefix without rights and unseen by
// others. Implements spec/mount.md, "Life of a mount".
#pragma once

#include <filesystem>

#include "format/error.h"

namespace xaas {

// Moves this process into a mount namespace of its own, and into a user namespace where that needs one; the user stays
// who they are. Mounts made afterwards end with the last process in it. REQUIRES: one thread.
Status enter_private_namespace();

// Makes `directory` exist, in this namespace only: its nearest existing ancestor gets a copy in memory of its list of
// entries, each the real one, and is read-only otherwise, so that nothing is written to it that would be lost.
// REQUIRES: enter_private_namespace(), an absolute path.
Status ensure_directory(const std::filesystem::path& directory);

}  // namespace xaas
