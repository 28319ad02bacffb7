// Node ids of the mount, by which the kernel knows files. The content of a node never changes; a file whose content
// changes gets a node of another generation. An id says everything that the server must know of a node, so the server
// keeps nothing for each node. Implements spec/mount.md, "Nodes".
#pragma once

#include <cstdint>
#include <string_view>

#include "format/squashfs/types.h"

namespace xaas {

using NodeId = std::uint64_t;

enum class Generation : std::uint16_t {
  image = 0,     // the bytes of the image, at their own size: for everything that is not lowered
  promised = 1,  // a file that can be lowered, at its promised size; the first read decides the content
  lowered = 2,   // a lowered file that is too large or too late for node `promised`
  made = 3,      // made by the mount itself: the text of a StatusNodes
};

inline constexpr NodeId kRootNode = 1;  // FUSE_ROOT_ID
inline constexpr unsigned kGenerationShift = 48;
inline constexpr std::string_view kStatusName = "status";  // in /.xaas

struct Node {
  InodeRef ref = 0;
  Generation generation = Generation::image;
};

// The kernel uses ids 0 and 1, hence the 2. An InodeRef has 48 bits, of which the lowest 16 stay below 8192, so it
// fits.
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
