// The compiler options that only say what a CPU can execute. Without them a unit is the same program for more CPUs. See
// spec/recipe.md, "What configurations share".
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "mkimage/compiler/compilation.h"

namespace xaas {

// The names of features as in "-mavx2", sorted.
std::span<const std::string_view> isa_features();

// True for "-mavx2" and "-march=haswell". False for "-mno-avx2" and "-mlong-double-64".
bool is_isa_option(std::string_view argument);

// The command with fewer such options: first without any, then with SSE3 alone, on which a text of libstdc++'s <random>
// depends. Compilers decide on compare-and-swap of 16 bytes before there is IR, so "-mcx16" takes the place of a
// -march= that gives it. Empty if there is nothing to remove. Empty also if the result could mean something else: the
// command has an option like "-mno-avx2", or names a CPU without that compare-and-swap.
std::vector<std::vector<std::string>> with_less_isa_options(const std::vector<std::string>& arguments);

// The same for a whole command. asked_machine_options stay those of `compilation`.
std::vector<Compilation> with_less_isa(const Compilation& compilation);

}  // namespace xaas
