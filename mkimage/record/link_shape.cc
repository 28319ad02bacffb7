// Reads shapes with LLVM's ELF reader; see link_shape.h.
#include "mkimage/record/link_shape.h"

#include <llvm/Object/ELF.h>

#include <algorithm>
#include <array>
#include <set>

#include "format/base/digest.h"
#include "format/base/hex.h"

namespace xaas {
namespace {

using Elf = llvm::object::ELFFile<llvm::object::ELF64LE>;
using Section = Elf::Elf_Shdr;
using Symbol = Elf::Elf_Sym;
using Words = std::vector<std::string>;

constexpr std::uint64_t kPage = 4096;
constexpr std::size_t kLongList = 64;
constexpr const char* kUsualEntry = "_start";

// Symbols that linkers define themselves, each linker in its own way.
constexpr auto kLinkerSymbols = std::to_array<std::string_view>({"_DYNAMIC",
                                                                 "_GLOBAL_OFFSET_TABLE_",
                                                                 "_PROCEDURE_LINKAGE_TABLE_",
                                                                 "_TLS_MODULE_BASE_",
                                                                 "__GNU_EH_FRAME_HDR",
                                                                 "__bss_start",
                                                                 "__dso_handle",
                                                                 "__ehdr_start",
                                                                 "__executable_start",
                                                                 "__fini_array_end",
                                                                 "__fini_array_start",
                                                                 "__init_array_end",
                                                                 "__init_array_start",
                                                                 "__preinit_array_end",
                                                                 "__preinit_array_start",
                                                                 "__rela_iplt_end",
                                                                 "__rela_iplt_start",
                                                                 "_edata",
                                                                 "_end",
                                                                 "_etext",
                                                                 "_fini",
                                                                 "_init",
                                                                 "edata",
                                                                 "end",
                                                                 "etext"});

// Beginnings of the names of sections that linkers make or merge. Their sizes differ between linkers. Not among them
// are .ctors and .dtors: GNU ld makes them part of .init_array and .fini_array, lld does not, and then nothing calls
// them.
constexpr auto kUsualSections = std::to_array<std::string_view>(
    {".bss",  ".comment", ".data",    ".dyn",   ".eh_frame", ".fini", ".gcc_except_table",
     ".gnu",  ".got",     ".hash",    ".init",  ".interp",   ".iplt", ".jcr",
     ".lbss", ".ldata",   ".lrodata", ".ltext", ".note",     ".plt",  ".preinit_array",
     ".rel",  ".rodata",  ".sframe",  ".tbss",  ".tdata",    ".text", ".tm_clone_table"});

// Beginnings of the names of sections that strip and similar tools remove or add, and of those that hold the names and
// symbols of others.
constexpr auto kStripped = std::to_array<std::string_view>({".comment", ".debug", ".gdb_index", ".gnu.build.attributes",
                                                            ".gnu_debugaltlink", ".gnu_debugdata", ".gnu_debuglink",
                                                            ".note", ".shstrtab", ".strtab", ".symtab", ".zdebug"});

constexpr auto kOfLinkers = std::to_array<std::string_view>(
    {aspect::kNeeded, aspect::kDynamicFlags, aspect::kExecutableStack, aspect::kSegments, aspect::kOverlaps,
     aspect::kEntry, aspect::kExported, aspect::kTables});
// The executable stack is not among them, because a recipe states it.
constexpr auto kOfInstalled = std::to_array<std::string_view>(
    {aspect::kSegments, aspect::kExported, aspect::kImported, aspect::kSections, aspect::kNotes});

bool begins_with_one_of(std::string_view name, const auto& beginnings) {
  return std::ranges::any_of(beginnings, [&](std::string_view start) { return name.starts_with(start); });
}

bool is_linker_symbol(std::string_view name) {
  return std::ranges::binary_search(kLinkerSymbols, name) || name.starts_with("__start_") ||
         name.starts_with("__stop_");
}

class ShapeReader {
 public:
  explicit ShapeReader(const Elf& elf) : elf_(elf) {}

  llvm::Expected<LinkShape> read() {
    if (llvm::Error error = read_segments()) return error;
    if (llvm::Error error = read_dynamic()) return error;
    if (llvm::Error error = read_sections()) return error;
    if (llvm::Error error = read_dynamic_symbols()) return error;
    if (llvm::Error error = read_entry()) return error;
    return std::move(shape_);
  }

 private:
  Words& list(std::string_view aspect) { return shape_[std::string(aspect)]; }
  bool is_program() const { return elf_.getHeader().e_type == llvm::ELF::ET_EXEC || has_interpreter_ || is_pie_; }

  llvm::Error read_segments() {
    auto headers = elf_.program_headers();
    if (!headers) return headers.takeError();
    std::set<std::string> types;
    bool stack_is_executable = true;  // if no header says otherwise
    for (const auto& header : *headers) {
      // LLVM's reader does not check where this segment says that the dynamic section is.
      if (header.p_offset > elf_.getBufSize() || header.p_filesz > elf_.getBufSize() - header.p_offset) {
        return llvm::createStringError("a segment lies outside of the file");
      }
      if (header.p_type == llvm::ELF::PT_GNU_STACK) stack_is_executable = (header.p_flags & llvm::ELF::PF_X) != 0;
      if (header.p_type == llvm::ELF::PT_INTERP) types.insert("interpreter");
      if (header.p_type == llvm::ELF::PT_DYNAMIC) types.insert("dynamic");
      if (header.p_type == llvm::ELF::PT_TLS) types.insert("tls");
    }
    has_interpreter_ = types.contains("interpreter");
    list(aspect::kSegments).assign(types.begin(), types.end());
    list(aspect::kExecutableStack) = {stack_is_executable ? "yes" : "no"};
    list(aspect::kOverlaps) = {overlap(*headers) ? "yes" : "no"};
    return llvm::Error::success();
  }

  // The loader maps whole pages. If two segments share a page, the later one's rights hold for both.
  static bool overlap(Elf::Elf_Phdr_Range headers) {
    const Elf::Elf_Phdr* last = nullptr;
    for (const auto& header : headers) {
      if (header.p_type != llvm::ELF::PT_LOAD || header.p_memsz == 0) continue;
      const bool shares = last != nullptr && last->p_flags != header.p_flags &&
                          header.p_vaddr / kPage <= (last->p_vaddr + last->p_memsz - 1) / kPage;
      if (shares) return true;
      last = &header;
    }
    return false;
  }

  llvm::Error read_dynamic() {
    auto entries = elf_.dynamicEntries();
    if (!entries) return entries.takeError();
    std::set<std::string> flags;
    std::vector<std::uint64_t> needed;
    std::uint64_t strings = 0;
    for (const auto& entry : *entries) {
      const std::uint64_t value = entry.getVal();
      switch (entry.getTag()) {
        case llvm::ELF::DT_NEEDED:
          needed.push_back(value);
          break;
        case llvm::ELF::DT_STRTAB:
          strings = value;
          break;
        case llvm::ELF::DT_SYMBOLIC:
          flags.insert("SYMBOLIC");
          break;
        case llvm::ELF::DT_TEXTREL:
          flags.insert("TEXTREL");
          break;
        case llvm::ELF::DT_BIND_NOW:
          flags.insert("BIND_NOW");
          break;
        case llvm::ELF::DT_FLAGS:
          if ((value & llvm::ELF::DF_SYMBOLIC) != 0) flags.insert("SYMBOLIC");
          if ((value & llvm::ELF::DF_TEXTREL) != 0) flags.insert("TEXTREL");
          if ((value & llvm::ELF::DF_BIND_NOW) != 0) flags.insert("BIND_NOW");
          if ((value & llvm::ELF::DF_ORIGIN) != 0) flags.insert("ORIGIN");
          break;
        case llvm::ELF::DT_FLAGS_1:
          read_flags_1(value, flags);
          break;
        default:
          break;
      }
    }
    list(aspect::kDynamicFlags).assign(flags.begin(), flags.end());
    Words& names = list(aspect::kNeeded);
    for (const std::uint64_t offset : needed) {
      auto name = elf_.toMappedAddr(strings + offset);
      if (!name) return name.takeError();
      names.emplace_back(text_at(*name));
    }
    return llvm::Error::success();
  }

  // The string at `start`, cut at the end of the file.
  std::string_view text_at(const std::uint8_t* start) const {
    const auto* text = reinterpret_cast<const char*>(start);
    const char* end = reinterpret_cast<const char*>(elf_.base()) + elf_.getBufSize();
    return {text, static_cast<std::size_t>(std::find(text, end, '\0') - text)};
  }

  void read_flags_1(std::uint64_t value, std::set<std::string>& flags) {
    is_pie_ = (value & llvm::ELF::DF_1_PIE) != 0;
    if ((value & llvm::ELF::DF_1_NOW) != 0) flags.insert("BIND_NOW");
    if ((value & llvm::ELF::DF_1_ORIGIN) != 0) flags.insert("ORIGIN");
    for (const auto& [bit, name] : kFlags1) {
      if ((value & bit) != 0) flags.insert(name);
    }
  }

  llvm::Error read_sections() {
    auto sections = elf_.sections();
    if (!sections) return sections.takeError();
    for (const Section& section : *sections) {
      auto name = elf_.getSectionName(section);
      if (!name) return name.takeError();
      if (section.sh_type == llvm::ELF::SHT_SYMTAB) symbols_ = &section;
      if (section.sh_type == llvm::ELF::SHT_DYNSYM) dynamic_symbols_ = &section;
      if (section.sh_type == llvm::ELF::SHT_GNU_versym) versions_ = &section;
      if (section.sh_type == llvm::ELF::SHT_GNU_verneed) needed_versions_ = &section;
      if (section.sh_type == llvm::ELF::SHT_GNU_verdef) defined_versions_ = &section;
      if (section.sh_type == llvm::ELF::SHT_RELA) read_copies(section);
      if (llvm::Error error = add_section(section, std::string_view(name->data(), name->size()))) return error;
    }
    for (const std::string_view aspect : {aspect::kTables, aspect::kSections, aspect::kNotes}) {
      std::ranges::sort(list(aspect));
    }
    return llvm::Error::success();
  }

  llvm::Error add_section(const Section& section, std::string_view name) {
    const bool is_data = section.sh_type == llvm::ELF::SHT_PROGBITS || section.sh_type == llvm::ELF::SHT_NOBITS;
    if ((section.sh_flags & llvm::ELF::SHF_ALLOC) == 0) {
      if (!is_data || begins_with_one_of(name, kStripped)) return llvm::Error::success();
      auto content = elf_.getSectionContents(section);
      if (!content) return content.takeError();
      const std::string_view bytes(reinterpret_cast<const char*>(content->data()), content->size());
      list(aspect::kNotes).push_back(fmt::format("{} {}", name, Digest::of(bytes).hex()));
      return llvm::Error::success();
    }
    if (!is_data) return llvm::Error::success();
    list(aspect::kSections).push_back(fmt::format("{} {:#x}", name, std::uint64_t{section.sh_flags}));
    if (section.sh_size == 0 || name == ".relro_padding" || begins_with_one_of(name, kUsualSections))
      return llvm::Error::success();
    // The size of code is left out: programs do not walk it, and linkers pad it differently.
    const bool is_code = (section.sh_flags & llvm::ELF::SHF_EXECINSTR) != 0;
    list(aspect::kTables)
        .push_back(is_code ? std::string(name) : fmt::format("{} {}", name, std::uint64_t{section.sh_size}));
    return llvm::Error::success();
  }

  std::uint32_t copy_relocation() const {
    return elf_.getHeader().e_machine == llvm::ELF::EM_AARCH64 ? std::uint32_t{llvm::ELF::R_AARCH64_COPY}
                                                               : std::uint32_t{llvm::ELF::R_X86_64_COPY};
  }

  // Notes where a program has its own copies of the data of libraries.
  void read_copies(const Section& section) {
    auto relocations = elf_.relas(section);
    if (!relocations) {
      llvm::consumeError(relocations.takeError());
      return;
    }
    for (const auto& relocation : *relocations) {
      if (relocation.getType(false) == copy_relocation()) copies_.insert(relocation.r_offset);
    }
  }

  llvm::Error read_dynamic_symbols() {
    if (dynamic_symbols_ == nullptr) return llvm::Error::success();
    auto symbols = elf_.symbols(dynamic_symbols_);
    if (!symbols) return symbols.takeError();
    auto names = elf_.getStringTableForSymtab(*dynamic_symbols_);
    if (!names) return names.takeError();
    auto versions = elf_.loadVersionMap(needed_versions_, defined_versions_);
    if (!versions) return versions.takeError();
    for (std::size_t i = 1; i < symbols->size(); ++i) {
      const Symbol& symbol = (*symbols)[i];
      auto name = symbol.getName(*names);
      if (!name) return name.takeError();
      auto version = version_of(i, symbol, *versions);
      if (!version) return version.takeError();
      add_symbol(symbol, name->str(), *version);
    }
    std::ranges::sort(list(aspect::kImported));
    std::ranges::sort(list(aspect::kExported));
    return llvm::Error::success();
  }

  using VersionMap = llvm::SmallVector<std::optional<llvm::object::VersionEntry>, 0>;
  llvm::Expected<std::string> version_of(std::size_t index, const Symbol& symbol, VersionMap& versions) {
    if (versions_ == nullptr) return std::string();
    auto entry = elf_.getEntry<Elf::Elf_Versym>(*versions_, static_cast<std::uint32_t>(index));
    if (!entry) return entry.takeError();
    bool is_default = false;
    auto name =
        elf_.getSymbolVersionByIndex((*entry)->vs_index, is_default, versions, symbol.st_shndx == llvm::ELF::SHN_UNDEF);
    if (!name) return name.takeError();
    if (name->empty()) return std::string();
    return fmt::format("{}{}", is_default ? "@@" : "@", std::string_view(name->data(), name->size()));
  }

  void add_symbol(const Symbol& symbol, const std::string& name, const std::string& version) {
    if (symbol.getBinding() == llvm::ELF::STB_LOCAL || is_linker_symbol(name)) return;
    if (symbol.st_shndx == llvm::ELF::SHN_ABS && version == "@@" + name) {
      list(aspect::kVersionSymbols).push_back(name);
      return;
    }
    if (symbol.st_shndx == llvm::ELF::SHN_UNDEF) {
      list(aspect::kImported).push_back(name + version);
    } else if (!copies_.contains(symbol.st_value)) {
      list(aspect::kExported).push_back(fmt::format("{}{} {}", name, version, type_name(symbol.getType())));
    }
  }

  static std::string_view type_name(unsigned type) {
    switch (type) {
      case llvm::ELF::STT_TLS:
        return "tls";
      case llvm::ELF::STT_GNU_IFUNC:
        return "ifunc";
      case llvm::ELF::STT_FUNC:
        return "function";
      default:
        return "data";
    }
  }

  // Reads the name of a program's entry point. That of a library means nothing.
  llvm::Error read_entry() {
    if (symbols_ == nullptr || !is_program()) return llvm::Error::success();
    auto symbols = elf_.symbols(symbols_);
    if (!symbols) return symbols.takeError();
    auto names = elf_.getStringTableForSymtab(*symbols_);
    if (!names) return names.takeError();
    std::set<std::string> found;
    for (const Symbol& symbol : *symbols) {
      const bool is_code = symbol.getType() == llvm::ELF::STT_FUNC || symbol.getType() == llvm::ELF::STT_NOTYPE;
      if (!is_code || symbol.st_shndx == llvm::ELF::SHN_UNDEF) continue;
      if (symbol.st_value != elf_.getHeader().e_entry) continue;
      auto name = symbol.getName(*names);
      if (!name) return name.takeError();
      if (!name->empty() && !is_linker_symbol(std::string_view(name->data(), name->size()))) found.insert(name->str());
    }
    // Other symbols may have the same address, and linkers keep different local symbols.
    if (found.contains(kUsualEntry)) found = {kUsualEntry};
    list(aspect::kEntry).assign(found.begin(), found.end());
    return llvm::Error::success();
  }

  static constexpr auto kFlags1 =
      std::to_array<std::pair<std::uint64_t, const char*>>({{llvm::ELF::DF_1_GLOBAL, "GLOBAL"},
                                                            {llvm::ELF::DF_1_GROUP, "GROUP"},
                                                            {llvm::ELF::DF_1_INITFIRST, "INITFIRST"},
                                                            {llvm::ELF::DF_1_INTERPOSE, "INTERPOSE"},
                                                            {llvm::ELF::DF_1_LOADFLTR, "LOADFLTR"},
                                                            {llvm::ELF::DF_1_NODEFLIB, "NODEFLIB"},
                                                            {llvm::ELF::DF_1_NODELETE, "NODELETE"},
                                                            {llvm::ELF::DF_1_NODUMP, "NODUMP"},
                                                            {llvm::ELF::DF_1_NOOPEN, "NOOPEN"}});

  const Elf& elf_;
  LinkShape shape_;
  bool has_interpreter_ = false;
  bool is_pie_ = false;
  const Section* symbols_ = nullptr;
  const Section* dynamic_symbols_ = nullptr;
  const Section* versions_ = nullptr;
  const Section* needed_versions_ = nullptr;
  const Section* defined_versions_ = nullptr;
  std::set<std::uint64_t> copies_;
};

std::string shown(std::string_view word) { return std::string(word.substr(0, kLongList)); }

// The first word of `one`, in sorted order, that `other` lacks.
std::optional<std::string> first_missing(Words one, Words other) {
  std::ranges::sort(one);
  std::ranges::sort(other);
  Words only;
  std::ranges::set_difference(one, other, std::back_inserter(only));
  return only.empty() ? std::nullopt : std::optional(only.front());
}

// Whether abbreviated() has replaced the list.
bool is_digest(const Words& words) {
  return words.size() == 1 && words.front().size() == 2 * Digest::kSize && is_hex(words.front());
}

std::optional<std::string> difference(std::string_view aspect, const Words& one, const Words& other,
                                      bool more_is_allowed) {
  if (one == other) return std::nullopt;
  if (is_digest(one) || is_digest(other)) return std::string(aspect);
  if (const auto word = first_missing(one, other)) return fmt::format("{} ({} is missing)", aspect, shown(*word));
  if (more_is_allowed) return std::nullopt;
  if (const auto word = first_missing(other, one)) return fmt::format("{} ({} is added)", aspect, shown(*word));
  return fmt::format("{} (their order)", aspect);
}

bool is_program(const LinkShape& shape) {
  const auto segments = shape.find(aspect::kSegments);
  return segments != shape.end() && std::ranges::find(segments->second, "interpreter") != segments->second.end();
}

}  // namespace

Result<LinkShape> link_shape(std::string_view bytes) {
  auto elf = Elf::create(llvm::StringRef(bytes.data(), bytes.size()));
  if (!elf) return fail(Code::invalid, "{}", llvm::toString(elf.takeError()));
  const auto& header = elf->getHeader();
  const bool is_known = header.e_machine == llvm::ELF::EM_X86_64 || header.e_machine == llvm::ELF::EM_AARCH64;
  if (!header.checkMagic() || header.getFileClass() != llvm::ELF::ELFCLASS64 || !is_known) {
    return fail(Code::unsupported, "neither for x86-64 nor for aarch64");
  }
  auto shape = ShapeReader(*elf).read();
  if (!shape) return fail(Code::invalid, "{}", llvm::toString(shape.takeError()));
  return std::move(*shape);
}

std::optional<std::string> difference_of_linkers(const LinkShape& one, const LinkShape& other) {
  for (const std::string_view aspect : kOfLinkers) {
    const auto here = one.find(aspect);
    const auto there = other.find(aspect);
    if (here == one.end() || there == other.end()) continue;
    // lld exports from a program the symbols that any library on its command line asks for. GNU ld exports those that
    // needed libraries ask for.
    const bool more_is_allowed = aspect == aspect::kExported && is_program(one);
    if (auto found = difference(aspect, here->second, there->second, more_is_allowed)) return found;
  }
  return std::nullopt;
}

std::optional<std::string> difference_of_installed(const LinkShape& linked, const LinkShape& installed) {
  for (const std::string_view aspect : kOfInstalled) {
    const auto here = linked.find(aspect);
    const auto there = installed.find(aspect);
    if (here == linked.end() || there == installed.end()) continue;
    if (auto found = difference(aspect, here->second, there->second, false)) return found;
  }
  return std::nullopt;
}

LinkShape abbreviated(LinkShape shape) {
  for (auto& [aspect, words] : shape) {
    if (words.size() <= kLongList) continue;
    Sha256 hash;
    for (const std::string& word : words) hash.update(word + "\n");
    words = {hash.finish().hex()};
  }
  return shape;
}

}  // namespace xaas
