// Compares undefined symbols with those of bundled libraries; see slot_needs.h.
#include "mkimage/contents/slot_needs.h"

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "format/base/elf_file.h"
#include "format/base/mapped_file.h"
#include "format/base/paths.h"
#include "format/base/symbol_names.h"
#include "format/image.h"
#include "format/slots.h"

namespace xaas {
namespace {

namespace fs = std::filesystem;

struct FileSymbols {
  std::vector<std::string> needed;  // sonames
  SymbolNames defined;
  SymbolNames undefined;
};

// Nullopt for a file that is no program or shared library.
Result<std::optional<FileSymbols>> symbols_of(const fs::path& path) {
  XAAS_ASSIGN(const MappedFile file, MappedFile::open(path));
  if (!ElfFile::is_elf(file.bytes())) return std::nullopt;
  const auto elf = ElfFile::parse(file.bytes());
  if (!elf || !elf->is_dynamic() || elf->is_debug_only()) return std::nullopt;
  FileSymbols symbols;
  XAAS_ASSIGN(ElfDynamic dynamic, elf->dynamic());
  symbols.needed = std::move(dynamic.needed);
  XAAS_ASSIGN(symbols.defined, defined_symbols(*elf));
  XAAS_ASSIGN(symbols.undefined, undefined_symbols(*elf));
  return symbols;
}

using FilesOfImage = std::map<std::string, FileSymbols>;  // by path in the image

Result<FilesOfImage> read_files(const InstalledTree& tree, const BundledLibraries& bundled) {
  FilesOfImage files;
  const auto add = [&](const std::string& path, const fs::path& file) -> Status {
    XAAS_ASSIGN(auto symbols, symbols_of(file));
    if (symbols) files.emplace(path, std::move(*symbols));
    return {};
  };
  for (const TreeEntry& entry : tree.entries) {
    if (entry.is_first_file()) XAAS_TRY(add(entry.path, tree.path_of(entry)));
  }
  for (const auto& [path, file] : bundled) XAAS_TRY(add(path, file));
  return files;
}

// The directory also has libraries that only those of the slot need. Nobody else uses these.
Slot needs_of(const std::string& name, const std::string& directory, const FilesOfImage& files) {
  std::set<std::string> sonames;
  SymbolNames offered;
  for (const auto& [path, symbols] : files) {
    const std::string soname = fs::path(path).filename().string();
    if (!is_below(path, directory) || slot_of(soname, {name}).empty()) continue;
    sonames.insert(soname);
    offered.insert(symbols.defined.begin(), symbols.defined.end());
  }
  std::set<std::string> libraries;
  SymbolNames needed;
  for (const auto& [path, symbols] : files) {
    if (is_below(path, directory)) continue;
    std::ranges::copy_if(symbols.needed, std::inserter(libraries, libraries.end()),
                         [&](const std::string& soname) { return sonames.contains(soname); });
    std::ranges::set_intersection(symbols.undefined, offered, std::inserter(needed, needed.end()));
  }
  return {name, {libraries.begin(), libraries.end()}, {needed.begin(), needed.end()}};
}

}  // namespace

Result<std::vector<Slot>> slot_needs(const InstalledTree& tree, const BundledLibraries& bundled,
                                     const std::vector<std::string>& slots, const std::string& triple) {
  if (slots.empty()) return std::vector<Slot>();
  XAAS_ASSIGN(const FilesOfImage files, read_files(tree, bundled));
  std::vector<Slot> needs;
  for (const std::string& name : slots) {
    Slot slot = needs_of(name, slot_directory(triple, name), files);
    if (!slot.libraries.empty()) needs.push_back(std::move(slot));
  }
  std::ranges::sort(needs, {}, &Slot::name);
  return needs;
}

}  // namespace xaas
