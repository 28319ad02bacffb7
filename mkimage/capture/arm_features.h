// Which features of aarch64 the macros and the intrinsic functions of a unit stand for. Features are those of LLVM's
// list, as texts "sve,bf16"; alternatives are "sve2|sme".
#pragma once

#include <llvm/IR/Function.h>

#include <optional>
#include <string>
#include <string_view>

namespace xaas {

// The features that "__ARM_FEATURE_DOTPROD" asks for, or "__ARM_ARCH=9", which asks for a value of the macro. Nullopt
// if it is not the macro of certain features. Source: Arm C Language Extensions, "Feature test macros".
std::optional<std::string> arm_features_of_macro(std::string_view name);

// The features that an intrinsic function needs; empty if all CPUs of aarch64 have it, or if it is none of aarch64.
std::string arm_features_of_intrinsic(const llvm::Function& function);

}  // namespace xaas
