// Empty initialisers for the code generators that Debian's LLVM has and this engine is linked without. lld and LLVMLTO
// call all of them. To add a target, remove it from the list here and add it to lower/CMakeLists.txt. Implements
// spec/lowering.md, "Engine".
#include <llvm/Passes/PassPlugin.h>

// The functions are weak, so that this links with an LLVM that has such a code generator, and with one that lacks it.
#define XAAS_NO_TARGET(name)                               \
  extern "C" {                                             \
  [[gnu::weak]] void LLVMInitialize##name##TargetInfo();   \
  [[gnu::weak]] void LLVMInitialize##name##TargetInfo() {} \
  [[gnu::weak]] void LLVMInitialize##name##Target();       \
  [[gnu::weak]] void LLVMInitialize##name##Target() {}     \
  [[gnu::weak]] void LLVMInitialize##name##TargetMC();     \
  [[gnu::weak]] void LLVMInitialize##name##TargetMC() {}   \
  [[gnu::weak]] void LLVMInitialize##name##AsmPrinter();   \
  [[gnu::weak]] void LLVMInitialize##name##AsmPrinter() {} \
  [[gnu::weak]] void LLVMInitialize##name##AsmParser();    \
  [[gnu::weak]] void LLVMInitialize##name##AsmParser() {}  \
  }

#if !defined(__aarch64__)
XAAS_NO_TARGET(AArch64)
#endif
XAAS_NO_TARGET(AMDGPU)
XAAS_NO_TARGET(ARM)
XAAS_NO_TARGET(AVR)
XAAS_NO_TARGET(BPF)
XAAS_NO_TARGET(Hexagon)
XAAS_NO_TARGET(Lanai)
XAAS_NO_TARGET(LoongArch)
XAAS_NO_TARGET(M68k)
XAAS_NO_TARGET(MSP430)
XAAS_NO_TARGET(Mips)
XAAS_NO_TARGET(PowerPC)
XAAS_NO_TARGET(RISCV)
XAAS_NO_TARGET(Sparc)
XAAS_NO_TARGET(SystemZ)
XAAS_NO_TARGET(VE)
XAAS_NO_TARGET(WebAssembly)
#if !defined(__x86_64__)
XAAS_NO_TARGET(X86)
#endif
XAAS_NO_TARGET(XCore)
XAAS_NO_TARGET(Xtensa)

llvm::PassPluginLibraryInfo getPollyPluginInfo();
[[gnu::weak]] llvm::PassPluginLibraryInfo getPollyPluginInfo() {
  return {LLVM_PLUGIN_API_VERSION, "none", "0", [](llvm::PassBuilder&) {}};
}
