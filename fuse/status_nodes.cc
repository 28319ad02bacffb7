// See status_nodes.h.
#include "fuse/status_nodes.h"

#include <utility>

namespace xaas {

StatusNodes::Status StatusNodes::look_up() {
  auto text = std::make_shared<const std::string>(text_());
  const std::lock_guard lock(mutex_);
  const NodeId node = (static_cast<NodeId>(Generation::made) << kGenerationShift) | next_++;
  texts_.emplace(node, text);
  return {node, std::move(text)};
}

std::shared_ptr<const std::string> StatusNodes::text(NodeId node) const {
  const std::lock_guard lock(mutex_);
  const auto found = texts_.find(node);
  return found == texts_.end() ? nullptr : found->second;
}

void StatusNodes::forget(NodeId node) {
  const std::lock_guard lock(mutex_);
  texts_.erase(node);
}

}  // namespace xaas
