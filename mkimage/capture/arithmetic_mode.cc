// See arithmetic_mode.h.
#include "mkimage/capture/arithmetic_mode.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/Instructions.h>
#include <llvm/IR/Module.h>
#include <llvm/IR/Operator.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "mkimage/capture/inline_assembly.h"

namespace xaas {
namespace {

// Functions of libm. A program that only asks for traps (feenableexcept) wants to find mistakes, and is none the worse
// if there are fewer. One that only asks how the CPU rounds (fegetround) does not change what another unit computes.
constexpr auto kModeFunctions = std::to_array<std::string_view>(
    {"feclearexcept", "fegetenv", "fegetexceptflag", "feholdexcept", "fesetenv", "fesetexceptflag", "fesetmode",
     "fesetround", "fetestexcept", "fetestexceptflag", "feupdateenv"});
// LLVM's own for the same.
constexpr auto kModeIntrinsics = std::to_array<std::string_view>(
    {"llvm.aarch64.get.fpsr", "llvm.aarch64.set.fpcr", "llvm.aarch64.set.fpsr", "llvm.get.fpenv.i256",
     "llvm.reset.fpenv", "llvm.reset.fpmode", "llvm.set.fpenv.i256", "llvm.set.fpmode.i32", "llvm.set.rounding",
     "llvm.x86.sse.ldmxcsr", "llvm.x86.sse.stmxcsr"});
// What inline assembly says for it: instructions, and registers of aarch64.
constexpr auto kModeInstructions =
    std::to_array<std::string_view>({"fldcw", "fldenv", "fnstenv", "fnstsw", "fpcr", "fpsr", "fstenv", "fstsw",
                                     "ldmxcsr", "stmxcsr", "vldmxcsr", "vstmxcsr"});

}  // namespace

bool is_mode_function(std::string_view name) { return std::ranges::find(kModeFunctions, name) != kModeFunctions.end(); }

bool uses_arithmetic_mode(const llvm::Module& module) {
  const auto is_called = [&](std::string_view name) {
    const llvm::Function* function = module.getFunction(name);
    return function != nullptr && !function->use_empty();
  };
  if (std::ranges::any_of(kModeFunctions, is_called) || std::ranges::any_of(kModeIntrinsics, is_called)) return true;
  const AssemblyNames assembly = assembly_names(module);
  return std::ranges::any_of(kModeInstructions, [&](std::string_view name) { return assembly.all.contains(name); });
}

bool has_arithmetic(const llvm::Module& module) {
  return llvm::any_of(module, [](const llvm::Function& function) {
    return llvm::any_of(llvm::instructions(function), [](const llvm::Instruction& instruction) {
      if (llvm::isa<llvm::LoadInst, llvm::PHINode, llvm::SelectInst>(instruction)) return false;
      return llvm::isa<llvm::FPMathOperator>(instruction) || instruction.getType()->isFPOrFPVectorTy() ||
             llvm::isa<llvm::FPToSIInst, llvm::FPToUIInst>(instruction);
    });
  });
}

}  // namespace xaas
