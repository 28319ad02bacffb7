// Keeps what the border of a unit means to a program whose units are compiled one by one. There, a call of another
// unit's function may do anything, a constructor runs when the program starts, and a function has the frame that its
// unit gave it. Implements spec/lowering.md, "Import is a change of context".
#pragma once

#include <llvm/IR/Module.h>

namespace xaas {

// To be called before a module that is mixed with others is optimised. The code means the same without other units.
void keep_unit_borders(llvm::Module& module);

}  // namespace xaas
