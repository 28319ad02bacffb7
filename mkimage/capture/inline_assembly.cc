// Splits assembly into words; see inline_assembly.h.
#include "mkimage/capture/inline_assembly.h"

#include <llvm/IR/InlineAsm.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/Instructions.h>
#include <llvm/IR/Module.h>

#include <algorithm>
#include <array>

#include "format/base/text.h"

namespace xaas {
namespace {

// Directives that change the section. What stands behind them is there once for each copy of the text.
constexpr auto kChangesSection = std::to_array<std::string_view>(
    {".bss", ".data", ".popsection", ".previous", ".pushsection", ".section", ".subsection", ".text"});
constexpr auto kReadsOtherFile = std::to_array<std::string_view>({".incbin", ".include"});

bool is_name_start(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '.'; }
bool is_name(char c) { return is_name_start(c) || (c >= '0' && c <= '9') || c == '$'; }

std::size_t name_length(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::find_if_not(text, is_name) - text.begin());
}

// The length of an operand of the compiler, as "${0:P}"; 0 if there is none.
std::size_t operand_length(std::string_view text) {
  return text.starts_with("${") ? std::min(text.find('}'), text.size() - 1) + 1 : 0;
}

// Calls `visit` with each piece of assembly, and with its text.
void for_each_assembly(const llvm::Function& function, auto visit) {
  for (const llvm::Instruction& instruction : llvm::instructions(function)) {
    const auto* call = llvm::dyn_cast<llvm::CallBase>(&instruction);
    const auto* assembly = call == nullptr ? nullptr : llvm::dyn_cast<llvm::InlineAsm>(call->getCalledOperand());
    if (assembly != nullptr) visit(*call, *assembly, std::string_view(assembly->getAsmString()));
  }
}

// How the names of instructions begin that use memory without an operand in memory, or that order its use.
constexpr auto kUsesMemory = std::to_array<std::string_view>(
    {".",    "bl",     "call",  "cmps", "dmb",    "dsb",  "enter", "fxrstor", "fxsave", "hvc",
     "ins",  "int",    "leave", "lods", "mfence", "movs", "outs",  "pop",     "push",   "ret",
     "scas", "sfence", "stos",  "svc",  "sysc",   "syse", "xlat",  "xrstor",  "xsave"});

// Whether some instruction may use memory other than operands of the compiler: by an address in parentheses or
// brackets, by a symbol, or by what it is. Those that read a clock or wait do not.
bool uses_memory(std::string_view text) {
  if (text.find_first_of("([") != text.npos) return true;
  AssemblyNames names;
  names.add(text);
  return !names.operands.empty() || std::ranges::any_of(names.all, [](const std::string& name) {
    return std::ranges::any_of(kUsesMemory, [&](std::string_view start) { return name.starts_with(start); });
  });
}

// Whether the assembly may use memory of which it does not tell. Then nothing but the call of its function keeps
// accesses to that memory in front of it and behind it.
bool hides_memory(const llvm::CallBase& call, const llvm::InlineAsm& assembly) {
  const std::string_view constraints = assembly.getConstraintString();
  if (constraints.find("~{memory}") != constraints.npos || !uses_memory(assembly.getAsmString())) return false;
  if (assembly.hasSideEffects()) return true;
  for (unsigned i = 0; i < call.arg_size(); ++i)  // a pointer to an operand in memory has the operand's type
    if (call.getArgOperand(i)->getType()->isPointerTy() && call.getParamElementType(i) == nullptr) return true;
  return false;
}

// Whether an instruction of x86 by this name writes below the stack pointer, where functions that call nothing keep
// variables.
bool moves_stack_pointer(std::string_view name) {
#if defined(__aarch64__)
  static_cast<void>(name);
  return false;
#else
  return name.starts_with("push") || name.starts_with("call") || name.starts_with("enter") ||
         (name.starts_with("pop") && !name.starts_with("popcnt"));
#endif
}

}  // namespace

void AssemblyNames::add(std::string_view text) {
  bool begins_statement = true;
  for (std::size_t at = 0; at < text.size();) {
    const std::string_view rest = text.substr(at);
    if (!is_name_start(rest.front())) {
      const bool is_blank = rest.front() == ' ' || rest.front() == '\t';
      begins_statement = rest.front() == '\n' || rest.front() == ';' || (begins_statement && is_blank);
      // A number, a register, or a part of a larger word is not a name.
      const bool is_word = is_name(rest.front()) || rest.front() == '%';
      const std::size_t operand = operand_length(rest);
      at += operand != 0 ? operand : is_word ? name_length(rest.substr(1)) + 1 : 1;
      continue;
    }
    const std::string_view name = rest.substr(0, name_length(rest));
    at += name.size();
    all.emplace(name);
    if (!begins_statement) operands.emplace(name);
    const bool is_label = begins_statement && text.substr(at, 1) == ":";
    if (is_label) label = name;
    begins_statement = is_label;
  }
}

AssemblyNames assembly_names(const llvm::Module& module) {
  AssemblyNames names;
  for (const llvm::Function& function : module) {
    for_each_assembly(function, [&](const auto&, const auto&, std::string_view text) { names.add(text); });
  }
  return names;
}

bool has_assembly_of_its_place(const llvm::Function& function) {
  AssemblyNames names;
  bool hides = false;
  for_each_assembly(function, [&](const llvm::CallBase& call, const llvm::InlineAsm& assembly, std::string_view text) {
    names.add(text);
    hides |= hides_memory(call, assembly);
  });
  return hides || std::ranges::any_of(names.all, [](std::string_view name) {
           return moves_stack_pointer(name) || is_in(kChangesSection, name);
         });
}

std::optional<std::string_view> directive_that_reads(const llvm::Module& module) {
  AssemblyNames names = assembly_names(module);
  names.add(module.getModuleInlineAsm());
  const auto found =
      std::ranges::find_if(kReadsOtherFile, [&](std::string_view name) { return names.all.contains(name); });
  return found == kReadsOtherFile.end() ? std::nullopt : std::optional(*found);
}

}  // namespace xaas
