// Finds functions that only clear memory for their caller. A program that has one in a unit of its own may rely on it
// to leave no secret behind. Copied into a caller, LLVM would see that nothing reads the memory any more, and would
// leave the clearing out. Implements spec/lowering.md, "Import is a change of context".
#pragma once

namespace llvm {
class Function;
}

namespace xaas {

// Whether all that the function does is to fill memory to which an argument points with one constant byte, and other
// units can call it.
bool only_clears_memory(const llvm::Function& function);

}  // namespace xaas
