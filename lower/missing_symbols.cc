// Compares what baselines ask of libc with what there is; see missing_symbols.h.
#include "lower/missing_symbols.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "format/base/elf_file.h"
#include "format/base/libc_version.h"
#include "format/base/short_list.h"
#include "format/base/text.h"

namespace xaas {
namespace {

constexpr std::size_t kMostSymbols = 4;  // in a line
constexpr std::size_t kMostUnits = 2;    // of a symbol

// "GLIBC_2.36" -> "2.36"
std::string_view number_of(std::string_view version) { return version.substr(version.find('_') + 1); }

std::vector<std::string> units_of(const Recipe& recipe, std::string_view symbol) {
  const auto found = std::ranges::find(recipe.newer_symbols, symbol, &NewerSymbol::name);
  return found == recipe.newer_symbols.end() ? std::vector<std::string>() : found->units;
}

}  // namespace

std::string libc_of(const HostView& host, std::string_view triple) {
  return newest_libc_version(host.library_versions("libc.so.6", triple).value_or(std::vector<std::string>()));
}

Result<Lack> find_lack(const ElfFile& elf, const Recipe& recipe, const std::vector<LibraryUse>& libraries,
                       LibraryInterfaces& interfaces) {
  Lack lack;
  XAAS_ASSIGN(lack.versions, interfaces.missing_versions(elf, libraries));
  if (lack.versions.empty()) return lack;
  XAAS_ASSIGN(const auto symbols, elf.dynamic_symbols());
  for (const ElfSymbol& symbol : symbols) {
    if (symbol.is_defined || symbol.is_weak || !is_in(lack.versions, symbol.version)) continue;
    if (interfaces.is_exported(symbol.name, libraries)) continue;
    lack.symbols.push_back({std::string(symbol.name), symbol.version, units_of(recipe, symbol.name)});
  }
  std::ranges::sort(lack.symbols, {}, &MissingSymbol::name);
  return lack;
}

Result<std::vector<MissingSymbol>> symbols_by_versions(const ElfFile& elf, const std::vector<std::string>& versions) {
  std::vector<MissingSymbol> asked;
  XAAS_ASSIGN(const auto symbols, elf.dynamic_symbols());
  for (const ElfSymbol& symbol : symbols) {
    if (!symbol.is_defined && is_in(versions, symbol.version))
      asked.push_back({std::string(symbol.name), symbol.version, {}});
  }
  std::ranges::sort(asked, {}, &MissingSymbol::name);
  return asked;
}

Result<std::vector<MissingSymbol>> missing_symbols(const Image& image, const FileRecord& record, const LinkPlan& plan,
                                                   const std::vector<SlotChoice>& slots,
                                                   LibraryInterfaces& interfaces) {
  XAAS_ASSIGN(const std::string baseline, image.file(record.path));
  XAAS_ASSIGN(const ElfFile elf, ElfFile::parse(baseline));
  std::vector<LibraryUse> libraries;
  for (const FoundLibrary& library : plan.libraries) libraries.push_back(use_of(library, slots));
  XAAS_ASSIGN(Lack lack, find_lack(elf, plan.recipe, libraries, interfaces));
  return std::move(lack.symbols);
}

std::string describe(const std::vector<MissingSymbol>& symbols) {
  std::vector<std::string> texts;
  for (const MissingSymbol& symbol : symbols) {
    std::string& text = texts.emplace_back(fmt::format("{}@{}", symbol.name, symbol.version));
    if (!symbol.units.empty()) text += fmt::format(" ({})", short_list(symbol.units, kMostUnits));
  }
  return short_list(texts, kMostSymbols);
}

std::string describe_oldest_libc(const std::vector<MissingSymbol>& symbols, std::string_view host,
                                 std::string_view own) {
  std::vector<std::string> asked;
  std::ranges::transform(symbols, std::back_inserter(asked), &MissingSymbol::version);
  const std::string oldest = newest_libc_version(asked);
  if (oldest.empty()) return "";
  return fmt::format(": glibc {} is the oldest that has {}{}", number_of(oldest), symbols.size() == 1 ? "it" : "them",
                     own.empty() ? "" : fmt::format(", and that of {} has versions up to {}", host, number_of(own)));
}

}  // namespace xaas
