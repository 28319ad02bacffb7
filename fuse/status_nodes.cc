// See status_nodes.h.
#include "fuse/status_nodes.h"

#include <algorithm>
#include <utility>

namespace xaas {

StatusNodes::Status StatusNodes::look_up() {
  auto text = std::make_shared<const std::string>(text_());
  const std::lock_guard lock(mutex_);
  const auto latest = kept_.find(latest_);
  if (latest == kept_.end() || *latest->second.text != *text) {
    latest_ = (static_cast<NodeId>(Generation::made) << kGenerationShift) | next_++;
    kept_[latest_].text = std::move(text);
  }
  Kept& kept = kept_[latest_];
  ++kept.lookups;
  return {latest_, kept.text};
}

std::shared_ptr<const std::string> StatusNodes::text(NodeId node) const {
  const std::lock_guard lock(mutex_);
  const auto found = kept_.find(node);
  return found == kept_.end() ? nullptr : found->second.text;
}

void StatusNodes::forget(NodeId node, std::uint64_t lookups) {
  const std::lock_guard lock(mutex_);
  const auto found = kept_.find(node);
  if (found == kept_.end()) return;
  found->second.lookups -= std::min(lookups, found->second.lookups);
  if (found->second.lookups == 0) kept_.erase(found);
}

}  // namespace xaas
