// See module_count.h.
#include "lower/module_count.h"

#include <fmt/format.h>

namespace xaas {

std::string to_text(const ModuleCount& count) {
  return count.all == 0 ? "" : fmt::format("{} of {} modules", count.done, count.all);
}

}  // namespace xaas
