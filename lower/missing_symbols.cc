// Compares what baselines ask of libc with what there is; see missing_symbols.h.
#include "lower/missing_symbols.h"

#include <elf.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <iterator>
#include <optional>
#include <utility>
#include <variant>

#include "format/base/elf_file.h"
#include "format/base/libc_version.h"
#include "format/base/text.h"
#include "format/ir_symbols.h"
#include "lower/host_library.h"
#include "lower/library_search.h"
#include "lower/short_list.h"

namespace xaas {
namespace {

constexpr std::size_t kMostSymbols = 4;  // in a line
constexpr std::size_t kMostUnits = 2;    // of a symbol

// "GLIBC_2.36" -> "2.36"
std::string_view number_of(std::string_view version) { return version.substr(version.find('_') + 1); }

// Nullopt if they are not known.
std::optional<std::vector<std::string>> exported_by(const LoweringContext& context, const FoundLibrary& library) {
  if (!library.in_image) {
    auto known = context.host.library_interface(library.soname, context.target.triple);
    return known ? std::move(known->symbols) : std::nullopt;
  }
  const auto content = read_library(context.image, library, context.host);
  const auto elf = content ? ElfFile::parse(*content) : tl::unexpected(content.error());
  auto known = elf ? library_interface(*elf) : tl::unexpected(elf.error());
  return known ? std::move(known->symbols) : std::nullopt;
}

// The undefined symbols of an object. None if it is damaged, or for another class of machines.
std::vector<std::string> undefined_symbols_in(const ElfFile& object) {
  std::vector<std::string> names;
  const ElfSection* table = object.find_section(".symtab");
  const ElfSection* strings = object.find_section(".strtab");
  if (!object.is_64() || table == nullptr || strings == nullptr) return names;
  for (std::size_t at = 0; at + sizeof(Elf64_Sym) <= table->data.size(); at += sizeof(Elf64_Sym)) {
    Elf64_Sym symbol{};
    std::memcpy(&symbol, table->data.data() + at, sizeof symbol);
    if (symbol.st_shndx != SHN_UNDEF || symbol.st_name >= strings->data.size()) continue;
    const std::string_view rest = strings->data.substr(symbol.st_name);
    names.emplace_back(rest.substr(0, rest.find('\0')));
  }
  return names;
}

// What a unit or an object of a recipe needs from elsewhere.
Result<std::vector<std::string>> needs_of(const Image& image, const IrInput& unit) {
  XAAS_ASSIGN(const std::string bitcode, image.ir(unit.digest));
  return undefined_ir_symbols(bitcode);
}

Result<std::vector<std::string>> needs_of(const Image& image, const ObjectInput& object) {
  XAAS_ASSIGN(const std::string bytes, image.object(object.digest));
  if (!ElfFile::is_elf(bytes)) return std::vector<std::string>();  // an archive without IR
  XAAS_ASSIGN(const ElfFile elf, ElfFile::parse(bytes));
  return undefined_symbols_in(elf);
}

}  // namespace

std::string libc_of(const HostView& host, std::string_view triple) {
  return newest_libc_version(host.library_versions("libc.so.6", triple).value_or(std::vector<std::string>()));
}

Result<std::vector<MissingSymbol>> missing_from_libc(const LoweringContext& context, const FileRecord& record,
                                                     const LinkPlan& plan) {
  XAAS_ASSIGN(const std::string baseline, context.image.file(record.path));
  XAAS_ASSIGN(const ElfFile elf, ElfFile::parse(baseline));
  XAAS_ASSIGN(const auto symbols, elf.dynamic_symbols());
  std::vector<MissingSymbol> missing;
  for (const ElfSymbol& symbol : symbols) {
    if (symbol.is_defined || symbol.is_weak || !is_libc_version(symbol.version)) continue;
    if (context.host.libc_has(symbol.version, context.target.triple)) continue;
    missing.push_back({std::string(symbol.name), symbol.version});
  }
  for (const FoundLibrary& library : plan.libraries) {
    if (missing.empty()) break;
    const auto exported = exported_by(context, library);
    if (!exported) continue;
    std::erase_if(missing, [&](const MissingSymbol& symbol) {
      return std::ranges::binary_search(*exported, symbol.name, std::less<>());
    });
  }
  XAAS_TRY(find_units(context.image, plan.recipe, missing));
  return missing;
}

Status find_units(const Image& image, const Recipe& recipe, std::vector<MissingSymbol>& symbols) {
  Status status;
  const auto add = [&](const auto& input) -> Status {
    XAAS_ASSIGN(const auto names, needs_of(image, input));
    for (MissingSymbol& symbol : symbols) {
      if (is_in(names, symbol.name) && !is_in(symbol.units, input.name)) symbol.units.push_back(input.name);
    }
    return {};
  };
  for_each_input(recipe, [&](const auto& input) {
    if (symbols.empty() || !status) return;
    if (const auto* unit = std::get_if<IrInput>(&input)) status = add(*unit);
    if (const auto* object = std::get_if<ObjectInput>(&input)) status = add(*object);
  });
  return status;
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
  return fmt::format("glibc {} is the oldest that has {}{}", number_of(oldest), symbols.size() == 1 ? "it" : "them",
                     own.empty() ? "" : fmt::format(", and that of {} has versions up to {}", host, number_of(own)));
}

}  // namespace xaas
