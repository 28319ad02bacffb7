// See optimising_context.h.
#include "mkimage/capture/optimising_context.h"

#include <fmt/ranges.h>
#include <llvm/IR/Constants.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/Instructions.h>
#include <llvm/IR/Module.h>
#include <llvm/IR/Operator.h>
#include <llvm/Object/ELFObjectFile.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>

#include "format/bitcode/module_order.h"
#include "format/recipe.h"
#include "mkimage/capture/arithmetic_mode.h"
#include "mkimage/capture/call_frames.h"
#include "mkimage/capture/cleared_memory.h"
#include "mkimage/capture/inline_assembly.h"

namespace xaas {
namespace {

using enum InlineRule;

// The attributes of -ffast-math are `apart`: inlining may weaken the caller's attributes, but instructions keep
// their flags wherever a function is copied. About "uwtable": a caller without tables that inlines a function which may
// throw stays without tables, and the unwinder ends the program in either case.
constexpr auto kRules = std::to_array<AttributeRule>({
    {"alignstack", apart},
    {"allockind", harmless},
    {"allocsize", harmless},
    {"alwaysinline", harmless},
    {"approx-func-fp-math", apart, "false"},
    {"branch-protection-pauth-lr", compared},
    {"branch-target-enforcement", apart, "false"},
    {"builtin", harmless},
    {"cold", harmless},
    {"convergent", harmless},
    {"coro_only_destroy_when_complete", harmless},
    {"denormal-fp-math", compared},
    {"denormal-fp-math-f32", compared},
    {"disable-tail-calls", apart, "false"},
    {"disable_sanitizer_instrumentation", harmless},
    {"fentry-call", harmless},
    {"fn_ret_thunk_extern", harmless},
    {"frame-pointer", harmless},
    {"guarded-control-stack", apart, "false"},
    {"hot", harmless},
    {"hybrid_patchable", harmless},
    {"inlinehint", harmless},
    {"instrument-function-entry", harmless},
    {"instrument-function-entry-inlined", harmless},
    {"instrument-function-exit", harmless},
    {"instrument-function-exit-inlined", harmless},
    {"jumptable", harmless},
    {"less-precise-fpmad", apart, "false"},
    {"memory", harmless},
    {"min-legal-vector-width", merged},
    {"minsize", harmless},
    {"mustprogress", merged},
    {"naked", harmless},
    {"no-builtins", compared},
    {"no-infs-fp-math", apart, "false"},
    {"no-inline-line-tables", harmless},
    {"no-jump-tables", merged},
    {"no-nans-fp-math", apart, "false"},
    {"no-realign-stack", apart},
    {"no-signed-zeros-fp-math", apart, "false"},
    {"no-stack-arg-probe", apart},
    {"no-trapping-math", apart, "true"},
    {"nobuiltin", harmless},
    {"nocallback", harmless},
    {"nocf_check", apart},
    {"noduplicate", harmless},
    {"nofree", harmless},
    {"noimplicitfloat", merged},
    {"noinline", compared},
    {"nomerge", harmless},
    {"nonlazybind", harmless},
    {"nooutline", harmless},
    {"noprofile", compared},
    {"norecurse", harmless},
    {"noredzone", apart},
    {"noreturn", harmless},
    {"nosanitize_bounds", harmless},
    {"nosanitize_coverage", harmless},
    {"nosync", harmless},
    {"nounwind", harmless},
    {"null_pointer_is_valid", merged},
    {"optdebug", harmless},
    {"optforfuzzing", harmless},
    {"optnone", compared},
    {"optsize", harmless},
    {"patchable-function-entry", harmless},
    {"patchable-function-prefix", harmless},
    {"preallocated", harmless},
    {"prefer-vector-width", harmless},
    {"presplitcoroutine", compared},
    {"probe-stack", merged},
    {"profile-sample-accurate", merged},
    {"returns_twice", compared},
    {"safestack", compared},
    {"sanitize_address", compared},
    {"sanitize_hwaddress", compared},
    {"sanitize_memory", compared},
    {"sanitize_memtag", compared},
    {"sanitize_numerical_stability", compared},
    {"sanitize_thread", compared},
    {"shadowcallstack", compared},
    {"sign-return-address", compared},
    {"sign-return-address-key", compared},
    {"skipprofile", harmless},
    {"speculatable", harmless},
    {"speculative_load_hardening", merged},
    {"split-stack", apart},
    {"ssp", merged},
    {"sspreq", merged},
    {"sspstrong", merged},
    {"stack-probe-size", merged},
    {"stack-protector-buffer-size", harmless},
    {"stackrealign", apart},
    {"strict-float-cast-overflow", apart, "true"},
    {"strictfp", compared},
    {"target-cpu", compared},
    {"target-features", compared},
    {"thunk", compared},
    {"trap-func-name", apart},
    {"tune-cpu", harmless},
    {"unsafe-fp-math", apart, "false"},
    {"use-sample-profile", compared},
    {"use-soft-float", apart, "false"},
    {"uwtable", harmless},
    {"vscale_range", harmless},
    {"warn-stack-size", harmless},
    {"willreturn", harmless},
    {"xray-instruction-threshold", harmless},
    {"zero-call-used-regs", apart},
});

static_assert(std::ranges::adjacent_find(kRules, std::ranges::greater_equal(), &AttributeRule::name) == kRules.end());

// Usual values of module flags. LLVM does not combine two modules that differ in such a flag.
constexpr auto kUsualFlags =
    std::to_array<std::pair<std::string_view, std::string_view>>({{"Debug Info Version", "3"}, {"wchar_size", "4"}});

const AttributeRule* find_rule(std::string_view name) {
  const auto found = std::ranges::lower_bound(kRules, name, {}, &AttributeRule::name);
  return found == kRules.end() || found->name != name ? nullptr : &*found;
}

std::string_view view(llvm::StringRef text) { return {text.data(), text.size()}; }

std::string text_of(const llvm::Metadata* metadata) {
  if (const auto* string = llvm::dyn_cast_or_null<llvm::MDString>(metadata)) return string->getString().str();
  const auto* number = llvm::mdconst::dyn_extract_or_null<llvm::ConstantInt>(metadata);
  return number == nullptr ? "?" : std::to_string(number->getZExtValue());
}

// The word of a signature for an attribute that is `apart`. Nullopt for other attributes, and for the usual value.
std::optional<std::string> word_of(const llvm::Attribute& attribute) {
  std::string name;
  std::string value;
  if (attribute.isStringAttribute()) {
    name = attribute.getKindAsString().str();
    value = attribute.getValueAsString().str();
  } else {
    name = llvm::Attribute::getNameFromAttrKind(attribute.getKindAsEnum()).str();
    if (attribute.isIntAttribute()) value = std::to_string(attribute.getValueAsInt());
  }
  const AttributeRule* rule = find_rule(name);
  if (rule == nullptr || rule->rule != apart || (!value.empty() && value == rule->usual)) return std::nullopt;
  return value.empty() ? name : fmt::format("{}={}", name, value);
}

// Whether an instruction says that no NaN or no infinity occurs. If one occurs all the same, the result is undefined.
bool assumes_finite(const llvm::Function& function) {
  return std::ranges::any_of(llvm::instructions(function), [](const llvm::Instruction& instruction) {
    const auto* math = llvm::dyn_cast<llvm::FPMathOperator>(&instruction);
    return math != nullptr && (math->hasNoNaNs() || math->hasNoInfs());
  });
}

std::string signature_of(const llvm::Function& function) {
  std::set<std::string> words;
  for (const llvm::Attribute& attribute : function.getAttributes().getFnAttrs()) {
    if (auto word = word_of(attribute)) words.insert(std::move(*word));
  }
  const bool says_so = function.hasFnAttribute("no-nans-fp-math") || function.hasFnAttribute("no-infs-fp-math");
  if (!says_so && assumes_finite(function)) words.insert("finite-math");
  return fmt::format("{}", fmt::join(words, " "));
}

// The signature of most functions; empty if there is no function.
std::string usual_signature(const std::map<const llvm::Function*, std::string>& signatures) {
  std::map<std::string, std::size_t> counts;
  for (const auto& [function, signature] : signatures) ++counts[signature];
  const auto most = std::ranges::max_element(counts, {}, [](const auto& entry) { return entry.second; });
  return most == counts.end() ? std::string() : most->first;
}

std::string flags_of(const llvm::Module& module) {
  std::set<std::string> words;
  llvm::SmallVector<llvm::Module::ModuleFlagEntry, 8> flags;
  module.getModuleFlagsMetadata(flags);
  for (const llvm::Module::ModuleFlagEntry& flag : flags) {
    const bool must_agree = flag.Behavior == llvm::Module::Error || flag.Behavior == llvm::Module::Warning;
    const std::string name = flag.Key->getString().str();
    const std::string value = text_of(flag.Val);
    const bool is_usual =
        std::ranges::find(kUsualFlags, std::pair(std::string_view(name), std::string_view(value))) != kUsualFlags.end();
    if (must_agree && !is_usual && name != "EnableSplitLTOUnit" && name != "ThinLTO") {
      words.insert(fmt::format("{}={}", name, value));
    }
  }
  return fmt::format("{}", fmt::join(words, " "));
}

// A symbol that the IR knows and the assembly names. LLVM does not see that the assembly uses it.
std::optional<std::string> known_symbol(const llvm::Module& module, const AssemblyNames& assembly) {
  const auto found = std::ranges::find_if(
      assembly.operands, [&](const std::string& name) { return module.getNamedValue(name) != nullptr; });
  return found == assembly.operands.end() ? std::nullopt : std::optional(*found);
}

// A symbol that the object has and the assembly names, but that the IR does not know.
std::optional<std::string> hidden_symbol(const llvm::Module& module, const AssemblyNames& assembly,
                                         std::string_view object) {
  auto file = llvm::object::ObjectFile::createELFObjectFile(
      llvm::MemoryBufferRef(llvm::StringRef(object.data(), object.size()), "object"));
  if (!file) {
    llvm::consumeError(file.takeError());
    return std::nullopt;
  }
  for (const llvm::object::SymbolRef& symbol : (*file)->symbols()) {
    auto name = symbol.getName();
    if (!name) {
      llvm::consumeError(name.takeError());
    } else if (!name->empty() && assembly.all.contains(view(*name)) && module.getNamedValue(*name) == nullptr) {
      return name->str();
    }
  }
  return std::nullopt;
}

// A function that can return once more, such as setjmp, if the unit calls one. What other functions have done to the
// caller's variables is in memory then, unless they were inlined.
const llvm::Function* called_that_returns_twice(const llvm::Module& module) {
  for (const llvm::Function& function : module)
    for (const llvm::Instruction& instruction : llvm::instructions(function)) {
      const auto* call = llvm::dyn_cast<llvm::CallBase>(&instruction);
      const llvm::Function* called = call == nullptr ? nullptr : call->getCalledFunction();
      if (called != nullptr && call->hasFnAttr(llvm::Attribute::ReturnsTwice)) return called;
    }
  return nullptr;
}

std::set<std::string> doubled_names(const llvm::Module& module) {
  std::set<std::string> names;
  for (const llvm::GlobalAlias& alias : module.aliases()) {
    const auto* variable = llvm::dyn_cast_or_null<llvm::GlobalVariable>(alias.getAliaseeObject());
    if (alias.hasLocalLinkage() || variable == nullptr) continue;
    names.insert({alias.getName().str(), variable->getName().str()});
  }
  return names;
}

std::string reason_to_be_alone(const llvm::Module& module, std::string_view object) {
  // Import copies the function without the resolver that chooses between its versions.
  if (!module.ifunc_empty()) return "it chooses between versions of a function";
  if (!module.getModuleInlineAsm().empty()) return "it has assembly outside of functions";
  if (const llvm::Function* called = called_that_returns_twice(module))
    return fmt::format("{} can return to it twice", view(called->getName()));
  const AssemblyNames assembly = assembly_names(module);
  if (assembly.all.empty()) return {};
  if (assembly.label) return fmt::format("its assembly defines {}", *assembly.label);
  auto symbol = known_symbol(module, assembly);
  if (!symbol) symbol = hidden_symbol(module, assembly, object);
  return symbol ? fmt::format("its assembly names {}", *symbol) : std::string();
}

}  // namespace

std::span<const AttributeRule> attribute_rules() { return kRules; }

OptimisingContext mark_context(llvm::Module& module, std::string_view object) {
  std::map<const llvm::Function*, std::string> signatures;
  for (const llvm::Function& function : module) {
    if (!function.isDeclaration()) signatures.emplace(&function, signature_of(function));
  }
  const std::string usual = usual_signature(signatures);
  for (llvm::Function& function : module) {
    const auto signature = signatures.find(&function);
    const bool differs = signature != signatures.end() && signature->second != usual;
    if (differs || has_assembly_of_its_place(function) || looks_at_its_frame(function) || only_clears_memory(function))
      function.addFnAttr(kOddFunction);
  }
  const std::string flags = flags_of(module);
  OptimisingContext context;
  context.signature = usual.empty() || flags.empty() ? usual + flags : usual + " " + flags;
  context.alone = reason_to_be_alone(module, object);
  context.is_ordered = depends_on_order(module);
  context.catches_exceptions = catches_exceptions(module);
  context.hides_exceptions = hides_exceptions(module);
  context.uses_arithmetic_mode = uses_arithmetic_mode(module);
  context.has_arithmetic = has_arithmetic(module);
  context.doubled_names = doubled_names(module);
  context.said_uses = said_memory_uses(module);
  context.real_uses = real_memory_uses(module);
  return context;
}

void add_context_at_level(const OptimisingContext& variant, OptimisingContext& unit) {
  if (unit.alone.empty()) unit.alone = variant.alone;
  if (unit.alone.empty() && variant.signature != unit.signature) unit.alone = "it is optimised otherwise at a level";
  unit.is_ordered |= variant.is_ordered;
  unit.catches_exceptions |= variant.catches_exceptions;
  unit.hides_exceptions |= variant.hides_exceptions;
  unit.uses_arithmetic_mode |= variant.uses_arithmetic_mode;
  unit.has_arithmetic |= variant.has_arithmetic;
  unit.doubled_names.insert(variant.doubled_names.begin(), variant.doubled_names.end());
  add_said_uses(variant.said_uses, unit.said_uses);
  add_real_uses(variant.real_uses, unit.real_uses);
}

}  // namespace xaas
