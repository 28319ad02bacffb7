// See cleared_memory.h.
#include "mkimage/capture/cleared_memory.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/IR/Function.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/IntrinsicInst.h>

namespace xaas {
namespace {

bool clears_argument(const llvm::Instruction& instruction) {
  const auto* fill = llvm::dyn_cast<llvm::MemSetInst>(&instruction);
  return fill != nullptr && llvm::isa<llvm::Constant>(fill->getValue()) &&
         llvm::isa<llvm::Argument>(fill->getDest()->stripInBoundsOffsets());
}

}  // namespace

bool only_clears_memory(const llvm::Function& function) {
  if (!function.hasExternalLinkage() && !function.hasWeakLinkage()) return false;
  bool clears = false;
  for (const llvm::Instruction& instruction : llvm::instructions(function)) {
    if (clears_argument(instruction)) {
      clears = true;
    } else if (instruction.mayWriteToMemory() && !instruction.isDebugOrPseudoInst()) {
      return false;
    }
  }
  return clears;
}

}  // namespace xaas
