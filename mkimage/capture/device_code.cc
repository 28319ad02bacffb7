// See device_code.h.
#include "mkimage/capture/device_code.h"

#include <llvm/IR/Constants.h>
#include <llvm/IR/Module.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>

#include "format/base/little_endian.h"
#include "format/base/split.h"

namespace xaas {
namespace {

constexpr const char* kNvccSymbol = "fatbinData";
constexpr std::string_view kBlockStart = ".section .nv_fatbin, \"a\"\n.align 8\nfatbinData:\n";
constexpr std::string_view kRelocatableStart = ".section __nv_relfatbin, \"a\"\n.align 8\nfatbinData:\n";
constexpr std::string_view kBlockEnd = ".text\n";
constexpr std::string_view kLineStart = ".quad ";
constexpr std::string_view kNumberStart = "0x";
// In front of ids of units, in the names of what a unit with relocatable code defines, and of what is called to
// register it. The unit that nvcc makes at the link defines the latter.
constexpr llvm::StringLiteral kWrapper = "__fatbinwrap";
constexpr llvm::StringLiteral kRegister = "__cudaRegisterLinkedBinary";
constexpr llvm::StringLiteral kReferenceSection = ".nvHR";  // how such sections' names begin

// Moves past `word` at the beginning of the text. Returns false if it is not there.
bool skip(std::string_view& text, std::string_view word) {
  if (!text.starts_with(word)) return false;
  text.remove_prefix(word.size());
  return true;
}

// Reads "0x12, 0x34" and a newline, and appends the numbers' bytes.
bool read_numbers(std::string_view& text, std::string& bytes) {
  constexpr int kHexadecimal = 16;
  do {
    while (skip(text, " ")) {
    }
    std::uint64_t number = 0;
    if (!skip(text, kNumberStart)) return false;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, kHexadecimal);
    if (error != std::errc()) return false;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    append_le(bytes, number);
  } while (skip(text, ","));
  return skip(text, "\n");
}

// The assembly of a unit, without the part that defines the fat binary, and that part's bytes.
struct SplitAssembly {
  std::string rest;
  std::string fatbin;
  bool is_relocatable = false;
};

std::optional<SplitAssembly> split_assembly(std::string_view assembly) {
  std::string_view block_start = kBlockStart;
  if (assembly.find(block_start) == std::string_view::npos) block_start = kRelocatableStart;
  const std::size_t start = assembly.find(block_start);
  if (start == std::string_view::npos) return std::nullopt;
  SplitAssembly split;
  split.is_relocatable = block_start == kRelocatableStart;
  std::string_view text = assembly.substr(start + block_start.size());
  while (skip(text, kLineStart)) {
    if (!read_numbers(text, split.fatbin)) return std::nullopt;
  }
  if (!skip(text, kBlockEnd)) return std::nullopt;
  split.rest = std::string(assembly.substr(0, start)).append(text);
  return split;
}

// The id in the name of the wrapper that the module defines; empty if it defines none.
std::string id_of(const llvm::Module& module) {
  for (const llvm::GlobalVariable& variable : module.globals()) {
    llvm::StringRef name = variable.getName();
    if (!variable.isDeclaration() && name.consume_front(kWrapper)) return name.str();
  }
  return {};
}

// What the host's code uses: arrays of names that each end with a NUL. Older versions of nvcc write none.
std::vector<HostReferences> host_references(const llvm::Module& module) {
  std::vector<HostReferences> references;
  for (const llvm::GlobalVariable& variable : module.globals()) {
    if (!variable.getSection().starts_with(kReferenceSection) || !variable.hasInitializer()) continue;
    HostReferences& one = references.emplace_back(variable.getSection().str());
    const auto* text = llvm::dyn_cast<llvm::ConstantDataArray>(variable.getInitializer());
    if (text == nullptr || !text->isString()) continue;  // a single NUL
    for (const std::string_view name : split(std::string_view(text->getAsString()), '\0')) {
      if (!name.empty()) one.names.emplace_back(name);
    }
  }
  std::ranges::sort(references, {}, &HostReferences::section);
  return references;
}

// The ids of the units that the module registers together, in the order in which they were linked.
std::vector<std::string> linked_ids(const llvm::Module& module) {
  std::vector<std::string> ids;
  for (const llvm::Function& function : module) {
    llvm::StringRef name = function.getName();
    if (!function.isDeclaration() && name.consume_front(kRegister) && !name.empty()) ids.push_back(name.str());
  }
  return ids;
}

bool can_be_made_again(const TakenDeviceCode& taken) {
  if (taken.relocatable) return !taken.relocatable->id.empty() && !taken.entries.empty();
  const auto is_ptx = [](const FatbinEntry& entry) { return entry.kind == DeviceCodeKind::ptx; };
  return !taken.links.empty() || std::ranges::any_of(taken.entries, is_ptx);
}

// nvcc declares an array of as many numbers as the fat binary has, and clang defines it. Its size tells what is in it.
void replace_symbol(llvm::Module& module, llvm::GlobalVariable& symbol) {
  auto* external = new llvm::GlobalVariable(module, llvm::Type::getInt8Ty(module.getContext()), /*isConstant=*/true,
                                            llvm::GlobalValue::ExternalLinkage, nullptr, kFatbinSymbol);
  external->setVisibility(llvm::GlobalValue::HiddenVisibility);
  external->setDSOLocal(true);
  symbol.replaceAllUsesWith(external);
  symbol.eraseFromParent();
}

// Takes what nvcc has written.
TakenDeviceCode take_from_assembly(llvm::Module& module) {
  llvm::GlobalVariable* symbol = module.getNamedGlobal(kNvccSymbol);
  if (symbol == nullptr || !symbol->isDeclaration()) return {};
  const auto split = split_assembly(module.getModuleInlineAsm());
  if (!split) return {};
  auto entries = parse_fatbin(split->fatbin);
  if (!entries) return {};
  TakenDeviceCode taken{std::move(*entries), std::nullopt, linked_ids(module)};
  if (split->is_relocatable) taken.relocatable = {id_of(module), host_references(module)};
  if (!can_be_made_again(taken)) return {};
  const bool is_blank = split->rest.find_first_not_of(" \t\n") == std::string::npos;
  module.setModuleInlineAsm(is_blank ? std::string() : split->rest);
  replace_symbol(module, *symbol);
  return taken;
}

// Takes what clang has written: a constant of the fat binary's section.
TakenDeviceCode take_from_constant(llvm::Module& module) {
  for (llvm::GlobalVariable& variable : module.globals()) {
    if (variable.getSection() != kFatbinSection || !variable.hasInitializer()) continue;
    const auto* bytes = llvm::dyn_cast<llvm::ConstantDataSequential>(variable.getInitializer());
    if (bytes == nullptr) return {};
    auto entries = parse_fatbin(bytes->getRawDataValues());
    if (!entries) return {};
    TakenDeviceCode taken{std::move(*entries), std::nullopt, {}};
    if (!can_be_made_again(taken)) return {};
    replace_symbol(module, variable);
    return taken;
  }
  return {};
}

}  // namespace

TakenDeviceCode take_device_code(llvm::Module& module) {
  TakenDeviceCode taken = take_from_assembly(module);
  return taken.entries.empty() && taken.links.empty() ? take_from_constant(module) : taken;
}

}  // namespace xaas
