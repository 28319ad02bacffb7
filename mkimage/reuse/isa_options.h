// The compiler options that say what a CPU can execute, and nothing else: without them a unit is the same program for
// more CPUs. See spec/recipe.md, "What configurations share".
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "mkimage/compiler/compilation.h"

namespace xaas {

// Names of features as in "-mavx2", sorted.
std::span<const std::string_view> isa_features();

// "-mavx2", "-march=haswell"; not "-mno-avx2", and not "-mlong-double-64".
bool is_isa_option(std::string_view argument);

// The command with less of them, from the least: without any, then with SSE3 alone, which decides a text of libstdc++'s
// <random>. Compare-and-swap of 16 bytes, which compilers decide on before there is IR, stays where -march= gives it.
// Empty where there is nothing to take away, or where it would say something else then: behind "-mno-avx2", and with
// CPUs that lack that.
std::vector<std::vector<std::string>> with_less_isa_options(const std::vector<std::string>& arguments);

// The same of a whole command; the record keeps what was asked.
std::vector<Compilation> with_less_isa(const Compilation& compilation);

}  // namespace xaas
