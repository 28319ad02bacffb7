// See merging.h.
#include "lower/engine/merging.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/StringExtras.h>
#include <llvm/IR/Constants.h>
#include <llvm/IR/InlineAsm.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/Instructions.h>
#include <llvm/Transforms/Utils/ModuleUtils.h>

#include "format/bitcode/module_order.h"
#include "lower/engine/retarget.h"

namespace xaas {
namespace {

// The structure and values of metadata as text, without addresses, so that it is the same in every context.
std::string text_of(const llvm::Metadata* metadata) {
  if (metadata == nullptr) return "null";
  if (const auto* string = llvm::dyn_cast<llvm::MDString>(metadata)) return string->getString().str();
  if (const auto* node = llvm::dyn_cast<llvm::MDNode>(metadata)) {
    std::string text = "(";
    for (const llvm::MDOperand& operand : node->operands()) text += text_of(operand.get()) + " ";
    return text + ")";
  }
  const auto* number = llvm::mdconst::dyn_extract<llvm::ConstantInt>(metadata);
  return number == nullptr ? "?" : llvm::toString(number->getValue(), 10, /*Signed=*/false);
}

// How LLVM merges the flag. If LLVM refuses or warns of two values, also the flag's value.
std::string what_must_agree(const llvm::Module::ModuleFlagEntry& flag) {
  const std::string behavior = std::to_string(flag.Behavior);
  const bool is_merged = flag.Behavior == llvm::Module::Max || flag.Behavior == llvm::Module::Min ||
                         flag.Behavior == llvm::Module::Append || flag.Behavior == llvm::Module::AppendUnique;
  return is_merged ? behavior : behavior + " " + text_of(flag.Val);
}

bool has_used_locals(const llvm::Module& module) {
  llvm::SmallVector<llvm::GlobalValue*, 8> used;
  llvm::collectUsedGlobalVariables(module, used, /*CompilerUsed=*/false);
  llvm::collectUsedGlobalVariables(module, used, /*CompilerUsed=*/true);
  return llvm::any_of(used, [](const llvm::GlobalValue* value) { return value->hasLocalLinkage(); });
}

// Whether inline assembly may define a label. `text` has LLVM's form, in which "${:uid}" stands for a unique number.
// The colon of a segment ("%fs:") counts as a label too, which is on the safe side.
bool may_define_label(llvm::StringRef text) {
  for (std::size_t at = text.find(':'); at != llvm::StringRef::npos; at = text.find(':', at + 1))
    if (!text.substr(0, at).ends_with("${")) return true;
  return false;
}

}  // namespace

bool is_kept_apart(const llvm::Module& module) {
  const bool may_name_locals = has_used_locals(module);
  for (const llvm::Function& function : module) {
    if (is_odd(function) || (function.hasExternalLinkage() && is_bound_to_thread(function))) return true;
    for (const llvm::Instruction& instruction : llvm::instructions(function)) {
      const auto* call = llvm::dyn_cast<llvm::CallBase>(&instruction);
      const auto* assembly = call == nullptr ? nullptr : llvm::dyn_cast<llvm::InlineAsm>(call->getCalledOperand());
      if (assembly == nullptr || assembly->getAsmString().empty()) continue;
      if (may_name_locals || may_define_label(assembly->getAsmString())) return true;
    }
  }
  return false;
}

void ModuleFlags::add(const llvm::Module& module) {
  llvm::SmallVector<llvm::Module::ModuleFlagEntry, 8> flags;
  module.getModuleFlagsMetadata(flags);
  const std::lock_guard lock(mutex_);
  for (const llvm::Module::ModuleFlagEntry& flag : flags) {
    const std::string value = what_must_agree(flag);
    agree_ &= flags_.try_emplace(flag.Key->getString().str(), value).first->second == value;
  }
}

bool ModuleFlags::agree() const {
  const std::lock_guard lock(mutex_);
  return agree_;
}

void MergedOrder::add(const llvm::Module& module, MergePlace place) {
  if (!depends_on_order(module)) return;
  const std::lock_guard lock(mutex_);
  places_.insert(place);
  ++ordered_;
  has_data_ |= place == MergePlace::merged && has_constructor_data(module);
}

bool MergedOrder::is_kept() const {
  const std::lock_guard lock(mutex_);
  return ordered_ < 2 || (places_.size() == 1 && !has_data_);
}

}  // namespace xaas
