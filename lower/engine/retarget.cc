// Sets the attributes and flags that clang would have set if it had compiled the unit for this target and kind of link.
// Implements spec/lowering.md, "Engine".
#include "lower/engine/retarget.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/StringExtras.h>
#include <llvm/Analysis/ModuleSummaryAnalysis.h>
#include <llvm/Analysis/ProfileSummaryInfo.h>
#include <llvm/Bitcode/BitcodeWriter.h>
#include <llvm/IR/Constants.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/Instructions.h>
#include <llvm/IR/Intrinsics.h>
#include <llvm/IR/Metadata.h>
#include <llvm/TargetParser/Triple.h>
#include <llvm/Transforms/Utils/ModuleUtils.h>

#include <algorithm>
#include <vector>

#include "format/base/text.h"
#include "lower/engine/unit_borders.h"

namespace xaas {
namespace {

bool has_own_target(const llvm::Function& function) {
  return function.hasFnAttribute("target-features") || function.hasFnAttribute("target-cpu");
}

// The target's list comes first. The unit's own features that are no ability of a CPU (retpoline-…) follow; the
// target's list does not have them. The unit's negative features come last. Switching a feature off also switches off
// the features that imply it, and a later "+" of one of those would switch it on again.
std::string feature_list(const Target& target, const IrInput& unit) {
  std::vector<std::string> list = target.features;
  const auto add = [&](char sign) {
    for (const std::string& feature : unit.features)
      if (feature.front() == sign && !is_in(target.features, feature)) list.push_back(feature);
  };
  add('+');
  add('-');
  return fmt::format("{}", fmt::join(list, ","));
}

void set_target(llvm::Module& module, const Target& target, const std::string& features) {
  llvm::AttrBuilder attributes(module.getContext());  // made once, because the list of features is long
  attributes.addAttribute("target-cpu", target.cpu);
  attributes.addAttribute("target-features", features);
  const bool has_sve = llvm::Triple(module.getTargetTriple()).isAArch64() && is_in(target.features, "+sve");
  constexpr unsigned kMostVectors = 16;  // of 128 bits: code for SVE is right for registers of every width
  const auto any_width = llvm::Attribute::getWithVScaleRangeArgs(module.getContext(), 1, kMostVectors);
  for (llvm::Function& function : module) {
    if (function.isIntrinsic() || has_own_target(function)) continue;
    function.addFnAttrs(attributes);
    if (has_sve && !function.hasFnAttribute(llvm::Attribute::VScaleRange)) function.addFnAttr(any_width);
    if (target.prefer_vector_width != 0 && !function.hasFnAttribute("prefer-vector-width"))
      function.addFnAttr("prefer-vector-width", std::to_string(target.prefer_vector_width));
  }
}

bool is_position_independent(LinkKind kind) { return kind != LinkKind::no_pie && kind != LinkKind::static_no_pie; }

void set_position(llvm::Module& module, LinkKind kind) {
  if (is_position_independent(kind)) module.setPICLevel(llvm::PICLevel::BigPIC);
  if (kind == LinkKind::shared) return;
  if (is_position_independent(kind)) module.setPIELevel(llvm::PIELevel::Large);
  // Nothing can replace the definitions of an executable.
  for (llvm::GlobalValue& value : module.global_values())
    if (!value.isDeclarationForLinker()) value.setDSOLocal(true);
}

// Adds to `roots` the roots of the type trees to which `node` leads. A root has nothing but a name.
void find_type_roots(llvm::MDNode* node, llvm::SmallPtrSetImpl<llvm::MDNode*>& seen,
                     llvm::SmallVectorImpl<llvm::MDNode*>& roots) {
  llvm::SmallVector<llvm::MDNode*, 8> rest = {node};
  while (!rest.empty()) {
    llvm::MDNode* next = rest.pop_back_val();
    if (!seen.insert(next).second) continue;
    if (next->getNumOperands() == 1 && llvm::isa<llvm::MDString>(next->getOperand(0))) roots.push_back(next);
    for (const llvm::MDOperand& operand : next->operands())
      if (auto* inner = llvm::dyn_cast_or_null<llvm::MDNode>(operand.get())) rest.push_back(inner);
  }
}

// Gives the unit types of its own. LLVM then does not assume that accesses of two units concern different memory
// because their types differ. Compiled one by one, units need not agree on the types of what they share.
void separate_types(llvm::Module& module, const std::string& source_name) {
  llvm::SmallPtrSet<llvm::MDNode*, 32> seen;
  llvm::SmallVector<llvm::MDNode*, 4> roots;
  for (const llvm::Function& function : module)
    for (const llvm::Instruction& instruction : llvm::instructions(function))
      for (const unsigned kind : {llvm::LLVMContext::MD_tbaa, llvm::LLVMContext::MD_tbaa_struct})
        if (llvm::MDNode* node = instruction.getMetadata(kind)) find_type_roots(node, seen, roots);
  for (llvm::MDNode* root : roots) {
    const llvm::StringRef name = llvm::cast<llvm::MDString>(root->getOperand(0))->getString();
    root->replaceOperandWith(0, llvm::MDString::get(module.getContext(), (name + " of " + source_name).str()));
  }
}

// Whether something may find the definition without naming it: by its section, or as text in the file. Sections of code
// do not count, because nothing reads them.
bool is_found_unnamed(const llvm::GlobalObject& object) {
  if (object.isDeclarationForLinker() || object.isDiscardableIfUnused() || object.hasAppendingLinkage()) return false;
  const auto* variable = llvm::dyn_cast<llvm::GlobalVariable>(&object);
  if (object.hasSection()) return variable != nullptr || !object.getSection().starts_with(".text");
  if (variable == nullptr || !variable->use_empty()) return false;
  const auto* text = llvm::dyn_cast<llvm::ConstantDataArray>(variable->getInitializer());
  return text != nullptr && text->isString();
}

// Without LTO, a linker keeps such definitions although no code names them.
void keep_unnamed(llvm::Module& module) {
  llvm::SmallVector<llvm::GlobalValue*, 8> kept;
  for (llvm::GlobalObject& object : module.global_objects())
    if (is_found_unnamed(object)) kept.push_back(&object);
  llvm::appendToCompilerUsed(module, kept);
}

// Whether LD_PRELOAD or a library loaded earlier may replace this definition. Definitions that C++ requires to be the
// same everywhere do not count: a build without LTO has a copy of them in every unit as well, and inlines it.
bool is_replaceable(const llvm::GlobalValue& value, const LinkContext& link) {
  if (link.kind != LinkKind::shared || link.symbolic == Symbolic::all) return false;
  if (link.symbolic == Symbolic::functions && llvm::isa<llvm::Function>(value)) return false;
  if (value.isDeclaration() || value.hasLocalLinkage() || !value.hasDefaultVisibility()) return false;
  return !value.hasLinkOnceODRLinkage() && !value.hasWeakODRLinkage();
}

}  // namespace

Status retarget(llvm::Module& module, const LinkContext& link, const IrInput& unit, const std::string& source_name) {
  const llvm::Triple triple(link.target.triple);
  if (llvm::Triple(module.getTargetTriple()).getArch() != triple.getArch())
    return fail(Code::unsupported, "it is for {}, not for {}", module.getTargetTriple(), link.target.triple);
  const std::vector<std::string> missing = missing_features(link.target, unit.features);
  if (!missing.empty())
    return fail(Code::unsupported, "it requires {}, which {} as described lacks; choose another configuration",
                fmt::join(missing, ","), link.target.cpu);
  module.setSourceFileName(source_name);
  set_target(module, link.target, feature_list(link.target, unit));
  set_position(module, link.kind);
  keep_unnamed(module);
  separate_types(module, source_name);
  if (!unit.alone && !link.single) keep_unit_borders(module);
  return {};
}

Status use_fatbin(llvm::Module& module, const std::string& symbol) {
  llvm::GlobalVariable* variable = module.getNamedGlobal(kFatbinSymbol);
  if (variable == nullptr || !variable->isDeclaration()) return fail(Code::invalid, "it needs no code for GPUs");
  variable->setName(symbol);
  return {};
}

bool is_odd(const llvm::GlobalValue& value) {
  const auto* function = llvm::dyn_cast<llvm::Function>(&value);
  return function != nullptr && function->hasFnAttribute(kOddFunction);
}

bool is_bound_to_thread(const llvm::GlobalValue& value) {
  const auto* function = llvm::dyn_cast<llvm::Function>(&value);
  return function != nullptr && llvm::any_of(llvm::instructions(*function), [](const llvm::Instruction& instruction) {
           const auto* call = llvm::dyn_cast<llvm::CallBase>(&instruction);
           return call != nullptr && call->getIntrinsicID() == llvm::Intrinsic::threadlocal_address;
         });
}

bool is_lowered_alone(const llvm::Module& module) { return !module.getModuleInlineAsm().empty(); }

std::string write_merged_module(const llvm::Module& module) {
  llvm::SmallVector<char, 0> bytes;
  llvm::BitcodeWriter writer(bytes);
  writer.writeModule(module);
  writer.writeSymtab();
  writer.writeStrtab();
  return {bytes.data(), bytes.size()};
}

std::string write_thin_module(llvm::Module& module, const LinkContext& link) {
  llvm::ProfileSummaryInfo profile(module);
  llvm::ModuleSummaryIndex index = llvm::buildModuleSummaryIndex(module, nullptr, &profile);
  for (const llvm::GlobalValue& value : module.global_values())
    if (is_replaceable(value, link) || is_odd(value) || is_bound_to_thread(value))
      if (llvm::GlobalValueSummary* summary = index.getGlobalValueSummary(value)) summary->setNotEligibleToImport();
  llvm::SmallVector<char, 0> bytes;
  llvm::BitcodeWriter writer(bytes);
  writer.writeModule(module, /*ShouldPreserveUseListOrder=*/false, &index, /*GenerateHash=*/true);
  writer.writeSymtab();
  writer.writeStrtab();
  return {bytes.data(), bytes.size()};
}

}  // namespace xaas
