// See program_symbols.h.
#include "mkimage/contents/program_symbols.h"

#include <llvm/Object/ELFObjectFile.h>

#include <algorithm>

#include "format/base/mapped_file.h"
#include "mkimage/capture/ar_archive.h"

namespace xaas {
namespace {

// The names among the words of an aspect, which end at a version or a type: "f@V1 function".
std::set<std::string> names_in(const LinkShape& shape, std::string_view aspect) {
  std::set<std::string> names;
  const auto words = shape.find(aspect);
  if (words == shape.end()) return names;
  for (const std::string& word : words->second) names.insert(word.substr(0, word.find_first_of("@ ")));
  return names;
}

ModuleSymbols read_linked(const std::filesystem::path& file) {
  const auto mapped = MappedFile::open(file);
  const auto shape = mapped ? link_shape(mapped->bytes()) : tl::unexpected(mapped.error());
  if (!shape) return {};
  return {names_in(*shape, aspect::kExported), names_in(*shape, aspect::kImported)};
}

void add_symbol(const llvm::object::SymbolRef& symbol, ModuleSymbols& symbols) {
  using llvm::object::SymbolRef;
  auto name = symbol.getName();
  auto flags = symbol.getFlags();
  if (!name) return llvm::consumeError(name.takeError());
  if (!flags) return llvm::consumeError(flags.takeError());
  if (name->empty() || (*flags & SymbolRef::SF_Global) == 0) return;
  if ((*flags & SymbolRef::SF_Undefined) == 0) {
    symbols.defined.insert(name->str());
  } else {
    ((*flags & SymbolRef::SF_Weak) == 0 ? symbols.needed : symbols.weak).insert(name->str());
  }
}

void add_object(std::string_view bytes, ModuleSymbols& symbols) {
  auto file = llvm::object::ObjectFile::createELFObjectFile(
      llvm::MemoryBufferRef(llvm::StringRef(bytes.data(), bytes.size()), "object"));
  if (!file) return llvm::consumeError(file.takeError());  // a linker script, for example
  for (const llvm::object::SymbolRef& symbol : (*file)->symbols()) add_symbol(symbol, symbols);
}

ModuleSymbols read_object(const std::filesystem::path& path) {
  ModuleSymbols symbols;
  const auto mapped = MappedFile::open(path);
  if (!mapped) return symbols;
  if (!is_archive(mapped->bytes())) {
    add_object(mapped->bytes(), symbols);
    return symbols;
  }
  const auto archive = parse_archive(mapped->bytes());
  if (!archive) return symbols;
  for (const ArMember& member : archive->members) add_object(member.data, symbols);
  return symbols;
}

}  // namespace

bool is_cxx(const ModuleSymbols& symbols) {
  constexpr const char* kMangled = "_Z";
  const auto has_mangled = [&](const std::set<std::string>& names) {
    const auto first = names.lower_bound(kMangled);
    return first != names.end() && first->starts_with(kMangled);
  };
  return has_mangled(symbols.defined) || has_mangled(symbols.needed);
}

bool share_one(const std::set<std::string>& one, const std::set<std::string>& other) {
  const std::set<std::string>& fewer = one.size() < other.size() ? one : other;
  const std::set<std::string>& more = one.size() < other.size() ? other : one;
  return std::ranges::any_of(fewer, [&](const std::string& name) { return more.contains(name); });
}

const ModuleSymbols& SymbolReader::linked(const std::filesystem::path& file) {
  const auto [entry, is_new] = linked_.try_emplace(file);
  if (is_new) entry->second = read_linked(file);
  return entry->second;
}

const ModuleSymbols& SymbolReader::object(const Digest& digest) {
  const auto [entry, is_new] = objects_.try_emplace(digest);
  if (is_new) entry->second = read_object(store_.object_path(digest));
  return entry->second;
}

}  // namespace xaas
