// The nodes of /.xaas/status: every lookup is a node of its own, whose text never changes, as with all other nodes.
// Implements spec/mount.md, "Nodes".
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
  // A node with the text of now, looked up once.
  Status look_up();
  // Null: no such node.
  std::shared_ptr<const std::string> text(NodeId node) const;
  // The kernel knows no more of the node: it was looked up once, so is forgotten once.
  void forget(NodeId node);

 private:
  const std::function<std::string()> text_;
  mutable std::mutex mutex_;  // of the members below; never held while calling out
  std::unordered_map<NodeId, std::shared_ptr<const std::string>> texts_;
  std::uint64_t next_ = 0;
};

}  // namespace xaas
