// Node ids of the mount: what the kernel calls a file. A node has one content for ever; a file whose content changes
// gets a node of another generation. Ids say everything that the server must know, so that nothing is kept per node.
// Implements spec/mount.md, "Nodes".
#pragma once

#include <cstdint>
#include <string_view>

#include "format/squashfs/types.h"

namespace xaas {

using NodeId = std::uint64_t;

enum class Generation : std::uint16_t {
  image = 0,     // the bytes of the image, at their own size: everything that is not lowered
  promised = 1,  // a file to be lowered, at its promised size; the content is decided by the first read
  lowered = 2,   // a lowered file that the node `promised` could not take any more: too large, or too late
  made = 3,      // not of the image but of the mount itself: a StatusNodes' text
};

inline constexpr NodeId kRootNode = 1;  // FUSE_ROOT_ID
inline constexpr unsigned kGenerationShift = 48;
inline constexpr std::string_view kStatusName = "status";  // in /.xaas

struct Node {
  InodeRef ref = 0;
  Generation generation = Generation::image;
};

// Ids 0 and 1 are the kernel's, hence the 2. An InodeRef has 48 bits of which the last 16 stay below 8192, so it fits.
constexpr NodeId node_id(const Node& node, InodeRef root) {
  if (node.ref == root) return kRootNode;
  return (static_cast<NodeId>(node.generation) << kGenerationShift) | (node.ref + 2);
}

constexpr bool is_made(NodeId id) { return static_cast<Generation>(id >> kGenerationShift) == Generation::made; }

constexpr Node split_node(NodeId id, InodeRef root) {
  if (id == kRootNode) return {root, Generation::image};
  return {(id & ((NodeId{1} << kGenerationShift) - 1)) - 2, static_cast<Generation>(id >> kGenerationShift)};
}

}  // namespace xaas
