// Names of OpenMP target regions that say nothing of where their source lies. clang puts the device and the inode of
// the source file into them, so that they are unique; then no two builds are the same. Implements spec/cuda.md,
// "OpenMP".
#pragma once

#include <llvm/IR/Module.h>

namespace xaas {

// Puts a digest of `source` and a number in the place of device and inode, wherever the module names a target region.
// The modules of the host and of the devices that one compile makes of a source get the same names. REQUIRES: clang has
// just made the module, and `source` is different for different sources of a program.
void fix_region_names(llvm::Module& module, llvm::StringRef source);

}  // namespace xaas
