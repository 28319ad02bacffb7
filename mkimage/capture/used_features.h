// Finds which explicit features of a CPU a unit uses. A code generator never uses an explicit feature by itself: only
// an intrinsic function or inline assembly makes a program execute it. A unit whose options allow such a feature does
// not require it unless it has one of those. Implements spec/lowering.md, "Features that a unit requires".
#pragma once

#include <llvm/IR/Module.h>
#include <llvm/TargetParser/Triple.h>

#include <string>
#include <string_view>
#include <vector>

namespace xaas {

// Whether `feature` is an explicit feature of the target's architecture. It is a name in LLVM's list: "clwb".
bool is_explicit_feature(const llvm::Triple& target, std::string_view feature);

// `features` without entries "+x" of explicit features of the module's target which nothing in the module uses.
// `features` are as in IrInput, and their order stays. Inline assembly uses a feature if it contains the name of one of
// its instructions.
std::vector<std::string> used_features(const llvm::Module& module, const std::vector<std::string>& features);

}  // namespace xaas
