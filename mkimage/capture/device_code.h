// Takes the code for GPUs out of the host code of a CUDA unit, so that lowering can put other code in. Implements
// spec/cuda.md, "Canonical form".
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "format/recipe.h"

namespace llvm {
class Module;
}

namespace xaas {

// What a CUDA unit has beside its IR.
struct TakenDeviceCode {
  std::vector<FatbinEntry> entries;            // of the fat binary, in their order
  std::optional<RelocatableCode> relocatable;  // as in IrInput
  std::vector<std::string> links;              // as in IrInput
};

// nvcc writes the fat binary of a unit into the host code as assembly at file scope that defines `fatbinData`, clang as
// a constant. Removes it from the module, has kFatbinSymbol in its place, which the module does not define, and returns
// what was there. Returns nothing, and changes nothing, if the module has neither, if its fat binary cannot be read, or
// if it has no PTX and the code is not linked with that of other units.
TakenDeviceCode take_device_code(llvm::Module& module);

}  // namespace xaas
