// See said_memory.h.
#include "mkimage/capture/said_memory.h"

#include <llvm/IR/Module.h>

namespace xaas {
namespace {

// Tables of C++ classes, which every unit knows to be constant.
constexpr const char* kClassTables = "_ZT";

MemoryUse use_of(const llvm::Function& function) {
  if (function.doesNotAccessMemory()) return MemoryUse::unused;
  return function.onlyReadsMemory() ? MemoryUse::read : MemoryUse::changed;
}

MemoryUse use_of(const llvm::GlobalVariable& variable) {
  return variable.isConstant() ? MemoryUse::unused : MemoryUse::changed;
}

// Calls `visit` for each function and variable that other units may define or use.
void for_each_shared(const llvm::Module& module, auto visit) {
  for (const llvm::Function& function : module)
    if (!function.isIntrinsic()) visit(function);
  for (const llvm::GlobalVariable& variable : module.globals())
    if (!variable.getName().starts_with(kClassTables)) visit(variable);
}

}  // namespace

MemoryUses said_memory_uses(const llvm::Module& module) {
  MemoryUses uses;
  for_each_shared(module, [&](const auto& value) {
    const MemoryUse use = use_of(value);
    if (value.isDeclaration() && use != MemoryUse::changed) uses.emplace(value.getName().str(), use);
  });
  return uses;
}

MemoryUses real_memory_uses(const llvm::Module& module) {
  MemoryUses uses;
  for_each_shared(module, [&](const auto& value) {
    const bool is_shared = value.hasExternalLinkage() || value.hasWeakLinkage() || value.hasCommonLinkage();
    const MemoryUse use = use_of(value);
    if (!value.isDeclaration() && is_shared && use != MemoryUse::unused) uses.emplace(value.getName().str(), use);
  });
  return uses;
}

}  // namespace xaas
