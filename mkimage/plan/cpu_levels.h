// The CPU levels: CPUs for which units that ask for the CPU are compiled as well. Implements spec/recipe.md, "Levels".
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "format/base/error.h"

namespace xaas {

// Names of CPUs, as -march= takes them for x86-64 and -mcpu= for aarch64. Each has features that code asks for and that
// no level before it has. A unit test compares the lists with LLVM's tables: machines that are sold, or that clusters
// still have, must lose nothing.
inline constexpr auto kX86Levels = std::to_array<std::string_view>({
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
inline constexpr auto kArmLevels = std::to_array<std::string_view>({
    "cortex-a72",    // AES, SHA2, CRC: the first servers, single-board computers
    "thunderx2t99",  // LSE, RDM: clusters since 2018
    "a64fx",         // SVE, FP16: Fugaku and its like
    "neoverse-n1",   // DotProd, RCpc: servers since 2019
    "ampere1",       // BF16, I8MM, FCMA, SHA3: servers since 2022, laptops
    "neoverse-v1",   // SVE together with the features of ampere1
    "neoverse-v2",   // SVE2: servers since 2023
});
// Those of the architecture for which images are made here.
#if defined(__aarch64__)
inline constexpr auto& kCpuLevels = kArmLevels;
#else
inline constexpr auto& kCpuLevels = kX86Levels;
#endif

// The levels for which an image is made.
struct LevelPlan {
  std::vector<std::string> names{kCpuLevels.begin(), kCpuLevels.end()};
  bool is_chosen = false;  // the user names them, so foreign code does not hold them back
  bool operator==(const LevelPlan&) const = default;
};

// Whether there is a level of this name, of any architecture.
bool is_level(std::string_view name);

// Reads "auto" (all levels), "none", or names with commas between them. The names are put in the order of kCpuLevels.
// Names of the other architecture's levels are left out, so that one recipe serves both. Code::invalid for an unknown
// name; the message lists those of this architecture.
Result<LevelPlan> parse_levels(std::string_view text);

}  // namespace xaas
