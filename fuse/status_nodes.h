// The nodes of /.xaas/status. A new text is a new node, as with all other files. Implements spec/mount.md, "Nodes".
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include "fuse/node.h"

namespace xaas {

// Thread-safe.
class StatusNodes {
 public:
  explicit StatusNodes(std::function<std::string()> text) : text_(std::move(text)) {}

  struct Status {
    NodeId node;
    std::shared_ptr<const std::string> text;
  };
  // The node that has the present text. Counts one more lookup of it.
  Status look_up();
  // Null when there is no such node.
  std::shared_ptr<const std::string> text(NodeId node) const;
  // Takes back this number of lookups of a node. With the last one the node is gone.
  void forget(NodeId node, std::uint64_t lookups);

 private:
  const std::function<std::string()> text_;
  mutable std::mutex mutex_;  // guards the members below; never held while calling out
  struct Kept {
    std::shared_ptr<const std::string> text;
    std::uint64_t lookups = 0;
  };
  std::unordered_map<NodeId, Kept> kept_;
  NodeId latest_ = 0;
  std::uint64_t next_ = 0;
};

}  // namespace xaas
