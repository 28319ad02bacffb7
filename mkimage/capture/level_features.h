// Finds which features of a level a variant uses. A variant is compiled with all features of its level, but the level
// is only an occasion: code that asks for AVX2 alone needs no more than AVX2. Implements spec/lowering.md, "Features
// that a unit requires".
#pragma once

#include <llvm/IR/Module.h>

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace xaas {

// A built-in function of clang for x86 that needs features.
struct X86Builtin {
  const char* name;
  const char* features;  // "avx512vl,avx512bw"; alternatives: "avx512vl,avx512vnni|avxvnni"
};
// Those that clang has without one of its headers.
std::span<const X86Builtin> x86_builtins();

// The feature that `name` asks for: "avx512vnni" for "__AVX512VNNI__". Nullopt if it is not the macro of one feature
// of x86.
std::optional<std::string> feature_of_macro(std::string_view name);

// Those of `features` ("+avx2") that the module can use. It can use the features of its intrinsic functions and those
// of `asks`, which are macros and built-in functions that the level gives the unit. An ask whose feature is not known
// can stand for any of `features`. The order stays.
std::vector<std::string> used_level_features(const llvm::Module& module, const std::vector<std::string>& features,
                                             const std::vector<std::string>& asks);

}  // namespace xaas
