// Features of a CPU that a code generator never uses by itself: a program has them executed only by an intrinsic
// function or by inline assembly. A unit whose options allow such a feature does not require it unless it has one of
// those. Implements spec/lowering.md, "Features that a unit requires".
#pragma once

#include <llvm/IR/Module.h>

#include <string>
#include <string_view>
#include <vector>

namespace xaas {

// Whether `feature` is one of those. `feature`: a name, as in "-mclwb".
bool is_explicit_feature(std::string_view feature);

// Without entries "+x" for which is_explicit_feature("x") and which nothing in the module uses. `features`: as in
// IrInput; the order stays. Inline assembly uses a feature when it contains one of its instructions' names.
std::vector<std::string> used_features(const llvm::Module& module, const std::vector<std::string>& features);

}  // namespace xaas
