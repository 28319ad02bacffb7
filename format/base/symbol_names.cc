// See symbol_names.h.
#include "format/base/symbol_names.h"

#include <fmt/format.h>

#include <vector>

namespace xaas {
namespace {

std::string with_version(const ElfSymbol& symbol) {
  return symbol.version.empty() ? std::string(symbol.name) : fmt::format("{}@{}", symbol.name, symbol.version);
}

}  // namespace

Result<SymbolNames> defined_symbols(const ElfFile& elf) {
  XAAS_ASSIGN(const std::vector<ElfSymbol> symbols, elf.dynamic_symbols());
  SymbolNames names;
  for (const ElfSymbol& symbol : symbols) {
    if (!symbol.is_defined) continue;
    names.emplace(symbol.name);
    names.insert(with_version(symbol));
  }
  return names;
}

Result<SymbolNames> undefined_symbols(const ElfFile& elf) {
  XAAS_ASSIGN(const std::vector<ElfSymbol> symbols, elf.dynamic_symbols());
  SymbolNames names;
  for (const ElfSymbol& symbol : symbols) {
    if (!symbol.is_defined && !symbol.is_weak) names.insert(with_version(symbol));
  }
  return names;
}

Status remove_defined(SymbolNames& symbols, const ElfFile& elf) {
  XAAS_ASSIGN(const std::vector<ElfSymbol> all, elf.dynamic_symbols());
  const auto remove = [&](std::string_view name) {
    if (const auto found = symbols.find(name); found != symbols.end()) symbols.erase(found);
  };
  for (const ElfSymbol& symbol : all) {
    if (!symbol.is_defined) continue;
    remove(symbol.name);
    if (!symbol.version.empty()) remove(with_version(symbol));
  }
  return {};
}

}  // namespace xaas
