// See device_code.h.
#include "mkimage/capture/device_code.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>

#include "format/base/little_endian.h"
#include "format/recipe.h"

namespace xaas {
namespace {

constexpr const char* kNvccSymbol = "fatbinData";
constexpr std::string_view kBlockStart = ".section .nv_fatbin, \"a\"\n.align 8\nfatbinData:\n";
constexpr std::string_view kBlockEnd = ".text\n";
constexpr std::string_view kLineStart = ".quad ";
constexpr std::string_view kNumberStart = "0x";

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
};

std::optional<SplitAssembly> split_assembly(std::string_view assembly) {
  const std::size_t start = assembly.find(kBlockStart);
  if (start == std::string_view::npos) return std::nullopt;
  SplitAssembly split;
  std::string_view text = assembly.substr(start + kBlockStart.size());
  while (skip(text, kLineStart)) {
    if (!read_numbers(text, split.fatbin)) return std::nullopt;
  }
  if (!skip(text, kBlockEnd)) return std::nullopt;
  split.rest = std::string(assembly.substr(0, start)).append(text);
  return split;
}

}  // namespace

std::vector<FatbinEntry> take_device_code(llvm::Module& module) {
  llvm::GlobalVariable* symbol = module.getNamedGlobal(kNvccSymbol);
  if (symbol == nullptr || !symbol->isDeclaration()) return {};
  const auto split = split_assembly(module.getModuleInlineAsm());
  if (!split) return {};
  auto entries = parse_fatbin(split->fatbin);
  if (!entries) return {};
  const auto is_ptx = [](const FatbinEntry& entry) { return entry.kind == DeviceCodeKind::ptx; };
  if (std::ranges::none_of(*entries, is_ptx)) return {};
  const bool is_blank = split->rest.find_first_not_of(" \t\n") == std::string::npos;
  module.setModuleInlineAsm(is_blank ? std::string() : split->rest);
  // nvcc declares an array of as many numbers as the fat binary has, which would tell what is in it.
  auto* external = new llvm::GlobalVariable(module, llvm::Type::getInt8Ty(module.getContext()), /*isConstant=*/true,
                                            llvm::GlobalValue::ExternalLinkage, nullptr, kFatbinSymbol);
  external->setVisibility(llvm::GlobalValue::HiddenVisibility);
  external->setDSOLocal(true);
  symbol->replaceAllUsesWith(external);
  symbol->eraseFromParent();
  return std::move(*entries);
}

}  // namespace xaas
