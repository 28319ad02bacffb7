// See nearest_names.h.
#include "lower/nearest_names.h"

#include <llvm/ADT/StringRef.h>

#include <algorithm>
#include <utility>

namespace xaas {

std::string nearest_names(std::string_view wanted, const std::vector<std::string>& names) {
  constexpr std::size_t kShown = 3;
  std::vector<std::pair<unsigned, std::string>> ranked;
  ranked.reserve(names.size());
  for (const std::string& name : names) ranked.emplace_back(llvm::StringRef(wanted).edit_distance(name), name);
  std::ranges::sort(ranked);
  std::string text;
  for (std::size_t i = 0; i < std::min(kShown, ranked.size()); ++i) text += (i == 0 ? "" : ", ") + ranked[i].second;
  return text;
}

}  // namespace xaas
