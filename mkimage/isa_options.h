// The compiler options that say what a CPU can execute, and nothing else: without them a unit is the same program for
// more CPUs. See spec/recipe.md, "What configurations share".
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace xaas {

// Names of features as in "-mavx2", sorted.
std::span<const std::string_view> isa_features();

// "-mavx2", "-march=haswell"; not "-mno-avx2", which may be there for a reason, and not "-mlong-double-64".
bool is_isa_option(std::string_view argument);

// The rest, in order.
std::vector<std::string> without_isa_options(std::vector<std::string> arguments);

}  // namespace xaas
