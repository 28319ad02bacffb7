// The nodes of /.xaas/status: whenever the text is another, so is the node, as with all other files.
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
  // The node with the text of now, looked up once more.
  Status look_up();
  // Null: no such node.
  std::shared_ptr<const std::string> text(NodeId node) const;
  // So many lookups of it are over; with the last one the node is gone.
  void forget(NodeId node, std::uint64_t lookups);

 private:
  const std::function<std::string()> text_;
  mutable std::mutex mutex_;  // of the members below; never held while calling out
  struct Kept {
    std::shared_ptr<const std::string> text;
    std::uint64_t lookups = 0;
  };
  std::unordered_map<NodeId, Kept> kept_;
  NodeId latest_ = 0;
  std::uint64_t next_ = 0;
};

}  // namespace xaas
