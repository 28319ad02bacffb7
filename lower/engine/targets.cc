// See targets.h.
#include "lower/engine/targets.h"

#include <llvm/Support/TargetSelect.h>

#include <mutex>

namespace xaas {

void initialise_targets() {
  static std::once_flag once;
  std::call_once(once, [] {
    llvm::InitializeAllTargetInfos();
    llvm::InitializeAllTargets();
    llvm::InitializeAllTargetMCs();
    llvm::InitializeAllAsmPrinters();
    llvm::InitializeAllAsmParsers();
  });
}

}  // namespace xaas
