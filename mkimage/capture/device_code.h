// Takes the code for GPUs out of the host code of a CUDA unit, so that lowering can put other code in. Implements
// spec/cuda.md, "Canonical form".
#pragma once

#include <llvm/IR/Module.h>

#include <string>
#include <string_view>
#include <vector>

#include "format/fatbin.h"

namespace xaas {

// nvcc writes the fat binary of a unit into the host code, as assembly at file scope that defines `fatbinData`.
// Removes it from the module, renames the symbol to kFatbinSymbol, which the module does not define any more, and
// returns the entries. Returns none, and changes nothing, if the module has no such assembly, if its fat binary cannot
// be read, or if it has no PTX.
std::vector<FatbinEntry> take_device_code(llvm::Module& module);

}  // namespace xaas
