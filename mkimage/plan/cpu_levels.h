// The CPU levels: CPUs for which units that ask for the CPU are compiled as well. Implements spec/recipe.md, "Levels".
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "format/base/error.h"

namespace xaas {

// Names of CPUs, as -march= takes them. Each has features that code asks for and that no level before it has. A unit
// test compares the list with LLVM's tables: machines that are sold, or that clusters still have, must lose nothing.
#if defined(__aarch64__)
// Nothing notes there what units ask for, so they are for ready files only.
inline constexpr auto kCpuLevels = std::to_array<std::string_view>({
    "neoverse-n1",  // Armv8.2: servers since 2019
    "neoverse-v1",  // SVE
    "neoverse-v2",  // SVE2
});
#else
inline constexpr auto kCpuLevels = std::to_array<std::string_view>({
    "x86-64-v3",       // AVX2, FMA
    "skylake",         // AES, PCLMUL, RDRND, RDSEED, ADX: Intel since 2015, AMD since 2017
    "znver3",          // VAES, VPCLMULQDQ, SHA: AMD since 2020
    "alderlake",       // AVX-VNNI, GFNI: Intel's clients since 2021
    "x86-64-v4",       // AVX-512
    "skylake-avx512",  // the same with AES and its like: Intel's servers since 2017
    "cascadelake",     // AVX512-VNNI
    "icelake-server",  // AVX512-VBMI, -VBMI2, -BITALG, -IFMA, -VPOPCNTDQ
    "znver4",          // AVX512-BF16: AMD since 2022
    "znver5",          // AVX-VNNI, AVX512-VP2INTERSECT
    "sapphirerapids",  // AVX512-FP16, AMX
});
#endif

// The levels for which an image is made.
struct LevelPlan {
#if defined(__aarch64__)
  std::vector<std::string> names;
#else
  std::vector<std::string> names{kCpuLevels.begin(), kCpuLevels.end()};
#endif
  bool is_chosen = false;  // the user names them, so foreign code does not hold them back
  bool operator==(const LevelPlan&) const = default;
};

// Reads "auto" (all levels; on aarch64 none), "none", or names with commas between them. The names are put in the order
// of kCpuLevels. Code::invalid for an unknown name; the message lists the known ones.
Result<LevelPlan> parse_levels(std::string_view text);

}  // namespace xaas
