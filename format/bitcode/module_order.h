// Whether the place of a unit among the others of its link matters. For code that makes IR and code that compiles it.
#pragma once

#include <llvm/IR/Module.h>

namespace xaas {

// Whether the module has data in a section of functions that run when the program starts or ends, such as .init_array.
// Constructors in the usual form, which LLVM knows as such, do not count.
bool has_constructor_data(const llvm::Module& module);

// Whether the module's place among the others of the link decides what the program does. It does if the module has
// constructors or destructors, or data for a section that the program walks from __start_X to __stop_X.
bool depends_on_order(const llvm::Module& module);

}  // namespace xaas
