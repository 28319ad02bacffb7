// Paths as text; see paths.h.
#include "format/base/paths.h"

#include <algorithm>

namespace xaas {

bool is_normal(std::string_view path) {
  while (true) {
    const std::size_t slash = std::min(path.find('/'), path.size());
    const std::string_view name = path.substr(0, slash);
    if (name.empty() || name == "." || name == "..") return false;
    if (slash == path.size()) return true;
    path.remove_prefix(slash + 1);
  }
}

std::string without_extra_slashes(std::string_view path) {
  std::string result;
  for (const char c : path) {
    if (c != '/' || (!result.empty() && result.back() != '/')) result += c;
  }
  if (result.ends_with('/')) result.pop_back();
  return result;
}

bool is_below(std::string_view path, std::string_view directory) {
  return path.size() > directory.size() && path.starts_with(directory) && path[directory.size()] == '/';
}

}  // namespace xaas
