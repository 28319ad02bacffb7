// See said_memory.h.
#include "mkimage/capture/said_memory.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/SmallPtrSet.h>
#include <llvm/IR/Constants.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/Instructions.h>
#include <llvm/IR/IntrinsicInst.h>
#include <llvm/IR/Module.h>

#include <algorithm>

namespace xaas {
namespace {

// Tables of C++ classes, which every unit knows to be constant.
constexpr const char* kClassTables = "_ZT";

MemoryUse use_of(const llvm::Function& function) {
  if (function.doesNotAccessMemory()) return MemoryUse::unused;
  return function.onlyReadsMemory() ? MemoryUse::read : MemoryUse::changed;
}

// Whether the function is a constructor and nothing else. Clang's optimiser has inlined what it alone calls.
bool runs_at_start(const llvm::Function& function) {
  const llvm::GlobalVariable* list = function.getParent()->getNamedGlobal("llvm.global_ctors");
  const llvm::Value* constructors = list == nullptr || !list->hasInitializer() ? nullptr : list->getInitializer();
  return function.hasLocalLinkage() && llvm::all_of(function.users(), [&](const llvm::User* user) {
           return llvm::isa<llvm::ConstantStruct>(user) && llvm::is_contained(user->users(), constructors);
         });
}

bool starts_to_be_constant(const llvm::User* user) {
  const auto* call = llvm::dyn_cast<llvm::IntrinsicInst>(user);
  return call != nullptr && call->getIntrinsicID() == llvm::Intrinsic::invariant_start;
}

// Whether a variable gets its value when the program starts, and keeps it. C++ tells that of constants. It does not
// tell it of references, which are pointers here: nothing else stores to them.
bool is_constant_once_started(const llvm::GlobalVariable& variable) {
  if (llvm::any_of(variable.users(), starts_to_be_constant)) return true;
  const auto stores = [](const llvm::User* user) { return llvm::isa<llvm::StoreInst>(user); };
  return variable.getValueType()->isPointerTy() && llvm::any_of(variable.users(), stores) &&
         llvm::all_of(variable.users(), [&](const llvm::User* user) {
           const auto* store = llvm::dyn_cast<llvm::StoreInst>(user);
           if (store == nullptr) return llvm::isa<llvm::LoadInst>(user);
           return store->getPointerOperand() == &variable && runs_at_start(*store->getFunction());
         });
}

MemoryUse use_of(const llvm::GlobalVariable& variable) {
  return variable.isConstant() || is_constant_once_started(variable) ? MemoryUse::unused : MemoryUse::changed;
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

void add_said_uses(const MemoryUses& more, MemoryUses& said) {
  for (const auto& [name, use] : more) {
    MemoryUse& known = said.emplace(name, use).first->second;
    known = std::min(known, use);
  }
}

void add_real_uses(const MemoryUses& more, MemoryUses& real) {
  for (const auto& [name, use] : more) {
    MemoryUse& known = real.emplace(name, use).first->second;
    known = std::max(known, use);
  }
}

}  // namespace xaas
