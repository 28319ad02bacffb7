// Names to offer for one that nobody knows.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace xaas {

// The three names that are most like `wanted`, with commas between them.
std::string nearest_names(std::string_view wanted, const std::vector<std::string>& names);

}  // namespace xaas
