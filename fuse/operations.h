// The file system's operations as libfuse calls them, thin wrappers of the tree and the lazy files. A handler never
// waits for what may take long (lowering). It parks the request and gives its thread back at once. Implements
// spec/mount.md, "Lowering on first use".
#pragma once

#include <cstdint>
#include <set>

#include "fuse/libfuse.h"
#include "fuse/mounted.h"

namespace xaas {

// The table of handlers for fuse_session_new. The session's user data is a Mounted. Other operations get ENOSYS.
const fuse_lowlevel_ops& operations();

// Tells the kernel that a file has grown to `size`, a multiple of 4096, and ends with 4096 zeros that the kernel does
// not have yet. Returns whether the kernel has accepted that. May be called while reads of the file wait.
bool announce_growth(fuse_session* session, NodeId node, std::uint64_t size);

// Tells the kernel that these names stand for another node. Must not be called from a handler, because it waits for
// requests in the directories of these names.
void announce_moved(fuse_session* session, const std::set<NodeName>& names);

}  // namespace xaas
