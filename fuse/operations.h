// The file system's operations as libfuse calls them: thin shims over the tree and the lazy files. What may take long
// (lowering) is parked, never waited for, so a handler gives its thread back at once. Implements spec/mount.md,
// "Lowering on first use".
#pragma once

#include <cstdint>
#include <set>

#include "fuse/libfuse.h"
#include "fuse/mounted.h"

namespace xaas {

// The table of handlers for fuse_session_new, whose user data is a Mounted. What is not in it answers ENOSYS.
const fuse_lowlevel_ops& operations();

// Tells the kernel that a file has grown to `size`, a multiple of 4096, and ends with 4096 zeros, of which it knows
// nothing yet. Whether it has understood. May be called while reads of the file wait.
bool announce_growth(fuse_session* session, NodeId node, std::uint64_t size);

// Tells the kernel that these names stand for another node. Not from a handler: it waits for requests in those
// directories.
void announce_moved(fuse_session* session, const std::set<NodeName>& names);

}  // namespace xaas
