// Bounds-checked reading of ELF files; see elf_file.h.
#include "format/base/elf_file.h"

#include <elf.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>

#include "format/base/hex.h"
#include "format/base/little_endian.h"

namespace xaas {
namespace {

template <typename T>
T load(std::string_view bytes, std::size_t offset) {
  return load_le<T>(std::as_bytes(std::span(bytes)), offset);
}

Result<std::string> string_at(std::string_view table, std::uint64_t offset) {
  if (offset >= table.size()) return fail(Code::invalid, "a name lies outside of the ELF file's string table");
  const std::string_view rest = table.substr(static_cast<std::size_t>(offset));
  const std::size_t end = rest.find('\0');
  if (end == std::string_view::npos) return fail(Code::invalid, "a name in the ELF file's string table has no end");
  return std::string(rest.substr(0, end));
}

ElfKind kind_of(std::uint16_t type) {
  switch (type) {
    case ET_REL:
      return ElfKind::relocatable;
    case ET_EXEC:
      return ElfKind::executable;
    case ET_DYN:
      return ElfKind::shared;
    default:
      return ElfKind::other;
  }
}

#if defined(__aarch64__)
constexpr std::uint16_t kOwnMachine = EM_AARCH64;
#else
constexpr std::uint16_t kOwnMachine = EM_X86_64;
#endif

// NVIDIA's types of sections for memory of a GPU of which the file holds nothing: global, local, shared, and shared
// memory that is reserved.
constexpr auto kGpuMemory = std::to_array<std::uint32_t>({0x70000007, 0x70000009, 0x7000000a, 0x70000015});

// Whether the bytes of a section of this type are in the file.
bool is_in_file(std::uint32_t type, std::uint16_t machine) {
  if (type == SHT_NOBITS || type == SHT_NULL) return false;
  return machine != EM_CUDA || std::ranges::find(kGpuMemory, type) == kGpuMemory.end();
}

// Whether only a linker writes the section. Tools that change the rpath or the like change only the tables and strings
// of the dynamic linker.
bool is_content(const ElfSection& section) {
  static constexpr std::array<std::string_view, 4> kOthers = {".interp", ".note", ".got", ".plt"};
  const bool is_data = section.type == SHT_PROGBITS || section.type == SHT_INIT_ARRAY ||
                       section.type == SHT_FINI_ARRAY || section.type == SHT_PREINIT_ARRAY;
  const auto begins = [&](std::string_view name) { return section.name.starts_with(name); };
  return is_data && (section.flags & SHF_ALLOC) != 0 && std::ranges::none_of(kOthers, begins);
}

}  // namespace

bool ElfFile::is_elf(std::string_view bytes) { return bytes.starts_with(ELFMAG); }

bool ElfFile::is_native() const { return is_64_ && machine_ == kOwnMachine; }

Result<ElfFile> ElfFile::parse(std::string_view bytes) {
  if (!is_elf(bytes) || bytes.size() < sizeof(Elf32_Ehdr)) return fail(Code::invalid, "not an ELF file");
  if (bytes[EI_DATA] != ELFDATA2LSB) return fail(Code::unsupported, "a big-endian ELF file");
  ElfFile file(bytes);
  file.is_64_ = bytes[EI_CLASS] == ELFCLASS64;
  if (file.is_64_ && bytes.size() < sizeof(Elf64_Ehdr)) return fail(Code::invalid, "the ELF header is cut off");
  file.kind_ = kind_of(load<std::uint16_t>(bytes, offsetof(Elf64_Ehdr, e_type)));
  file.machine_ = load<std::uint16_t>(bytes, offsetof(Elf64_Ehdr, e_machine));
  const std::uint64_t program_headers =
      file.word(bytes, file.is_64_ ? offsetof(Elf64_Ehdr, e_phoff) : offsetof(Elf32_Ehdr, e_phoff));
  const std::uint64_t section_headers =
      file.word(bytes, file.is_64_ ? offsetof(Elf64_Ehdr, e_shoff) : offsetof(Elf32_Ehdr, e_shoff));
  const std::size_t counts = file.is_64_ ? offsetof(Elf64_Ehdr, e_phentsize) : offsetof(Elf32_Ehdr, e_phentsize);
  const auto half = [&](std::size_t index) { return load<std::uint16_t>(bytes, counts + 2 * index); };
  XAAS_TRY(file.read_segments(program_headers, half(0), half(1)));
  if (section_headers != 0) XAAS_TRY(file.read_sections(section_headers, half(2), half(3), half(4)));
  for (const Segment& segment : file.segments_) {
    if (segment.type == PT_DYNAMIC) file.dynamic_ = segment;
  }
  return file;
}

std::uint64_t ElfFile::word(std::string_view from, std::size_t at) const {
  return is_64_ ? load<std::uint64_t>(from, at) : load<std::uint32_t>(from, at);
}

Result<std::string_view> ElfFile::slice(std::uint64_t offset, std::uint64_t size) const {
  if (offset > bytes_.size() || size > bytes_.size() - offset) {
    return fail(Code::invalid, "a part of the ELF file lies outside of it (offset {}, size {})", offset, size);
  }
  return bytes_.substr(static_cast<std::size_t>(offset), static_cast<std::size_t>(size));
}

Result<std::string_view> ElfFile::take(std::uint64_t offset, std::uint64_t size) {
  auto part = slice(offset, size);
  if (part) end_ = std::max(end_, offset + size);
  return part;
}

Status ElfFile::read_segments(std::uint64_t offset, std::uint64_t entry_size, std::uint64_t count) {
  if (count == 0) return {};
  if (entry_size < (is_64_ ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr))) {
    return fail(Code::invalid, "the ELF file's program headers are too small");
  }
  for (std::uint64_t i = 0; i < count; ++i) {
    XAAS_ASSIGN(const std::string_view header, take(offset + i * entry_size, entry_size));
    Segment segment;
    segment.type = load<std::uint32_t>(header, 0);
    segment.offset = word(header, is_64_ ? offsetof(Elf64_Phdr, p_offset) : offsetof(Elf32_Phdr, p_offset));
    segment.address = word(header, is_64_ ? offsetof(Elf64_Phdr, p_vaddr) : offsetof(Elf32_Phdr, p_vaddr));
    segment.size = word(header, is_64_ ? offsetof(Elf64_Phdr, p_filesz) : offsetof(Elf32_Phdr, p_filesz));
    static_cast<void>(take(segment.offset, segment.size));
    segments_.push_back(segment);
  }
  return {};
}

Status ElfFile::read_sections(std::uint64_t offset, std::uint64_t entry_size, std::uint64_t count,
                              std::uint64_t names) {
  if (entry_size < (is_64_ ? sizeof(Elf64_Shdr) : sizeof(Elf32_Shdr))) {
    return fail(Code::invalid, "the ELF file's section headers are too small");
  }
  const std::size_t size_at = is_64_ ? offsetof(Elf64_Shdr, sh_size) : offsetof(Elf32_Shdr, sh_size);
  const std::size_t offset_at = is_64_ ? offsetof(Elf64_Shdr, sh_offset) : offsetof(Elf32_Shdr, sh_offset);
  const std::size_t link_at = is_64_ ? offsetof(Elf64_Shdr, sh_link) : offsetof(Elf32_Shdr, sh_link);
  XAAS_ASSIGN(const std::string_view first, slice(offset, entry_size));
  if (count == 0) count = word(first, size_at);  // for more than 65,279 sections the first header has the real numbers
  if (names == SHN_XINDEX) names = load<std::uint32_t>(first, link_at);
  if (count > bytes_.size() / entry_size || names >= count) {
    return fail(Code::invalid, "the ELF file's section headers lie outside of it");
  }
  XAAS_ASSIGN(const std::string_view names_header, slice(offset + names * entry_size, entry_size));
  XAAS_ASSIGN(const std::string_view table, slice(word(names_header, offset_at), word(names_header, size_at)));
  sections_.reserve(static_cast<std::size_t>(count));
  for (std::uint64_t i = 0; i < count; ++i) {
    XAAS_ASSIGN(const std::string_view header, take(offset + i * entry_size, entry_size));
    ElfSection section;
    section.type = load<std::uint32_t>(header, offsetof(Elf64_Shdr, sh_type));
    section.flags = word(header, offsetof(Elf64_Shdr, sh_flags));
    const std::uint32_t name = load<std::uint32_t>(header, 0);
    if (name >= table.size()) return fail(Code::invalid, "an ELF section's name lies outside of the string table");
    const std::string_view rest = table.substr(name);
    section.name = rest.substr(0, std::min(rest.find('\0'), rest.size()));
    if (is_in_file(section.type, machine_)) {
      XAAS_ASSIGN(section.data, take(word(header, offset_at), word(header, size_at)));
    }
    sections_.push_back(section);
  }
  return {};
}

const ElfSection* ElfFile::find_section(std::string_view name) const {
  const auto found = std::ranges::find(sections_, name, &ElfSection::name);
  return found == sections_.end() ? nullptr : &*found;
}

bool ElfFile::has_symbol_table() const {
  return std::ranges::any_of(sections_, [](const ElfSection& section) { return section.type == SHT_SYMTAB; });
}

bool ElfFile::has_debug_info() const {
  return std::ranges::any_of(sections_, [](const ElfSection& section) {
    return section.name.starts_with(".debug_") || section.name.starts_with(".zdebug_");
  });
}

bool ElfFile::is_debug_only() const {
  return std::ranges::any_of(sections_, [](const ElfSection& section) {
    return section.type == SHT_NOBITS && (section.flags & SHF_EXECINSTR) != 0;
  });
}

Result<std::string_view> ElfFile::from_address(std::uint64_t address) const {
  for (const Segment& segment : segments_) {
    if (segment.type != PT_LOAD || address < segment.address || address - segment.address >= segment.size) continue;
    const std::uint64_t inside = address - segment.address;
    return slice(segment.offset + inside, segment.size - inside);
  }
  return fail(Code::invalid, "the ELF file's dynamic section points outside of its segments");
}

// The layout of a version table, which is a list of linked records. A record of DT_VERNEED is a file with the versions
// that are needed from it. A record of DT_VERDEF is a version with its parents. The layout is the same in both ELF
// classes.
struct ElfFile::VersionTable {
  std::size_t size, count, names, next;    // of a record; its names are records of their own
  std::size_t name_size, name, next_name;  // of a record of a name
  bool only_first_name;
};

namespace {

constexpr ElfFile::VersionTable kNeededVersions = {sizeof(Elf64_Verneed),
                                                   offsetof(Elf64_Verneed, vn_cnt),
                                                   offsetof(Elf64_Verneed, vn_aux),
                                                   offsetof(Elf64_Verneed, vn_next),
                                                   sizeof(Elf64_Vernaux),
                                                   offsetof(Elf64_Vernaux, vna_name),
                                                   offsetof(Elf64_Vernaux, vna_next),
                                                   false};
constexpr ElfFile::VersionTable kDefinedVersions = {sizeof(Elf64_Verdef),
                                                    offsetof(Elf64_Verdef, vd_cnt),
                                                    offsetof(Elf64_Verdef, vd_aux),
                                                    offsetof(Elf64_Verdef, vd_next),
                                                    sizeof(Elf64_Verdaux),
                                                    offsetof(Elf64_Verdaux, vda_name),
                                                    offsetof(Elf64_Verdaux, vda_next),
                                                    true};

}  // namespace

Result<ElfDynamic> ElfFile::dynamic() const {
  ElfDynamic result;
  if (!dynamic_) return result;
  XAAS_ASSIGN(const std::string_view table, slice(dynamic_->offset, dynamic_->size));
  const std::size_t entry = is_64_ ? sizeof(Elf64_Dyn) : sizeof(Elf32_Dyn);
  std::vector<std::pair<std::uint64_t, std::uint64_t>> entries;
  for (std::size_t at = 0; at + entry <= table.size(); at += entry) {
    const std::uint64_t tag = word(table, at);
    if (tag == DT_NULL) break;
    entries.emplace_back(tag, word(table, at + entry / 2));
  }
  const auto value = [&](std::uint64_t tag) -> std::optional<std::uint64_t> {
    const auto found = std::ranges::find(entries, tag, &std::pair<std::uint64_t, std::uint64_t>::first);
    return found == entries.end() ? std::nullopt : std::optional(found->second);
  };
  result.is_pie = (value(DT_FLAGS_1).value_or(0) & DF_1_PIE) != 0;
  if (!value(DT_STRTAB)) return result;
  XAAS_ASSIGN(const std::string_view strings, from_address(*value(DT_STRTAB)));
  for (const auto& [tag, name] : entries) {
    if (tag != DT_NEEDED && tag != DT_SONAME && tag != DT_RPATH && tag != DT_RUNPATH) continue;
    XAAS_ASSIGN(std::string text, string_at(strings, name));
    if (tag == DT_NEEDED) {
      result.needed.push_back(std::move(text));
    } else if (tag == DT_SONAME) {
      result.soname = std::move(text);
    } else if (tag == DT_RPATH) {
      result.rpath = std::move(text);
    } else {
      result.runpath = std::move(text);
    }
  }
  if (value(DT_VERNEED)) {
    XAAS_ASSIGN(result.needed_versions,
                read_versions(kNeededVersions, *value(DT_VERNEED), value(DT_VERNEEDNUM).value_or(0), strings));
  }
  if (value(DT_VERDEF)) {
    XAAS_ASSIGN(result.defined_versions,
                read_versions(kDefinedVersions, *value(DT_VERDEF), value(DT_VERDEFNUM).value_or(0), strings));
  }
  return result;
}

Result<std::vector<std::string>> ElfFile::read_versions(const VersionTable& layout, std::uint64_t address,
                                                        std::uint64_t count, std::string_view strings) const {
  XAAS_ASSIGN(const std::string_view table, from_address(address));
  const auto fits = [&](std::uint64_t at, std::size_t size) { return at <= table.size() && size <= table.size() - at; };
  const auto field = [&](std::uint64_t at, std::size_t offset) {
    return load<std::uint32_t>(table, static_cast<std::size_t>(at) + offset);
  };
  std::vector<std::string> versions;
  std::uint64_t record_at = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    if (!fits(record_at, layout.size)) return fail(Code::invalid, "the ELF file's symbol versions are damaged");
    const auto names = layout.only_first_name
                           ? std::uint16_t{1}
                           : load<std::uint16_t>(table, static_cast<std::size_t>(record_at) + layout.count);
    std::uint64_t name_at = record_at + field(record_at, layout.names);
    for (std::uint16_t n = 0; n < names; ++n) {
      if (!fits(name_at, layout.name_size)) return fail(Code::invalid, "the ELF file's symbol versions are damaged");
      XAAS_ASSIGN(std::string name, string_at(strings, field(name_at, layout.name)));
      versions.push_back(std::move(name));
      name_at += field(name_at, layout.next_name);
    }
    const std::uint32_t next = field(record_at, layout.next);
    if (next == 0) break;
    record_at += next;
  }
  return versions;
}

Result<std::map<std::uint16_t, NeededVersion>> ElfFile::needed_versions() const {
  std::map<std::uint16_t, NeededVersion> versions;
  const ElfSection* table = find_section(".gnu.version_r");
  const ElfSection* strings = find_section(".dynstr");
  if (table == nullptr || strings == nullptr) return versions;
  const std::string_view data = table->data;
  const auto fits = [&](std::size_t at, std::size_t size) { return at <= data.size() && size <= data.size() - at; };
  const auto word_at = [&](std::size_t at) { return load<std::uint32_t>(data, at); };
  const auto half_at = [&](std::size_t at) { return load<std::uint16_t>(data, at); };
  constexpr int kMostRecords = 1 << 16;  // as many as there are numbers; records of a damaged file may overlap
  int records = 0;
  for (std::size_t file = 0, next_file = 1; next_file != 0; file += next_file) {
    if (!fits(file, sizeof(Elf64_Verneed)) || ++records > kMostRecords)
      return fail(Code::invalid, "the ELF file's symbol versions are damaged");
    next_file = word_at(file + offsetof(Elf64_Verneed, vn_next));
    XAAS_ASSIGN(const std::string name, string_at(strings->data, word_at(file + offsetof(Elf64_Verneed, vn_file))));
    std::size_t at = file + word_at(file + offsetof(Elf64_Verneed, vn_aux));
    for (std::size_t next = 1; next != 0; at += next) {
      if (!fits(at, sizeof(Elf64_Vernaux)) || ++records > kMostRecords) {
        return fail(Code::invalid, "the ELF file's symbol versions are damaged");
      }
      next = word_at(at + offsetof(Elf64_Vernaux, vna_next));
      NeededVersion& needed = versions[half_at(at + offsetof(Elf64_Vernaux, vna_other))];
      needed.file = name;
      XAAS_ASSIGN(needed.version, string_at(strings->data, word_at(at + offsetof(Elf64_Vernaux, vna_name))));
      needed.is_weak = (half_at(at + offsetof(Elf64_Vernaux, vna_flags)) & VER_FLG_WEAK) != 0;
    }
  }
  return versions;
}

Result<std::map<std::uint16_t, std::string>> ElfFile::defined_versions() const {
  std::map<std::uint16_t, std::string> versions;
  const ElfSection* table = find_section(".gnu.version_d");
  const ElfSection* strings = find_section(".dynstr");
  if (table == nullptr || strings == nullptr) return versions;
  const std::string_view data = table->data;
  const auto fits = [&](std::size_t at, std::size_t size) { return at <= data.size() && size <= data.size() - at; };
  for (std::size_t at = 0, next = 1; next != 0; at += next) {
    if (!fits(at, sizeof(Elf64_Verdef))) return fail(Code::invalid, "the ELF file's symbol versions are damaged");
    next = load<std::uint32_t>(data, at + offsetof(Elf64_Verdef, vd_next));
    const std::size_t name = at + load<std::uint32_t>(data, at + offsetof(Elf64_Verdef, vd_aux));
    if (!fits(name, sizeof(Elf64_Verdaux))) return fail(Code::invalid, "the ELF file's symbol versions are damaged");
    const bool is_base = (load<std::uint16_t>(data, at + offsetof(Elf64_Verdef, vd_flags)) & VER_FLG_BASE) != 0;
    if (is_base) continue;  // it has the library's own name, and stands for no version
    XAAS_ASSIGN(versions[load<std::uint16_t>(data, at + offsetof(Elf64_Verdef, vd_ndx))],
                string_at(strings->data, load<std::uint32_t>(data, name + offsetof(Elf64_Verdaux, vda_name))));
  }
  return versions;
}

Result<std::vector<ElfSymbol>> ElfFile::dynamic_symbols() const {
  std::vector<ElfSymbol> symbols;
  const auto table = std::ranges::find(sections_, std::uint32_t{SHT_DYNSYM}, &ElfSection::type);
  const ElfSection* strings = find_section(".dynstr");
  if (table == sections_.end() || strings == nullptr) return symbols;
  const std::size_t size = is_64_ ? sizeof(Elf64_Sym) : sizeof(Elf32_Sym);
  const std::size_t info_offset = is_64_ ? offsetof(Elf64_Sym, st_info) : offsetof(Elf32_Sym, st_info);
  const std::size_t section_offset = is_64_ ? offsetof(Elf64_Sym, st_shndx) : offsetof(Elf32_Sym, st_shndx);
  constexpr std::uint16_t kHidden = 0x8000;
  // Versions that are needed and versions that are defined share their numbers.
  XAAS_ASSIGN(auto versions, defined_versions());
  XAAS_ASSIGN(const auto needed, needed_versions());
  for (const auto& [number, version] : needed) versions[number] = version.version;
  const ElfSection* numbers = find_section(".gnu.version");
  for (std::size_t at = 0; at + size <= table->data.size(); at += size) {
    const auto info = static_cast<unsigned char>(table->data[at + info_offset]);
    if (ELF64_ST_BIND(info) == STB_LOCAL) continue;
    const auto name = load<std::uint32_t>(table->data, at);
    const std::size_t end = name < strings->data.size() ? strings->data.find('\0', name) : std::string_view::npos;
    if (end == std::string_view::npos) return fail(Code::invalid, "the ELF file's dynamic symbols are damaged");
    const std::size_t number_at = at / size * sizeof(std::uint16_t);
    const bool has_number = numbers != nullptr && number_at + sizeof(std::uint16_t) <= numbers->data.size();
    const auto version = versions.find(
        has_number ? static_cast<std::uint16_t>(load<std::uint16_t>(numbers->data, number_at) & ~kHidden) : 0);
    symbols.push_back({.name = strings->data.substr(name, end - name),
                       .version = version == versions.end() ? "" : version->second,
                       .is_defined = load<std::uint16_t>(table->data, at + section_offset) != SHN_UNDEF,
                       .is_weak = ELF64_ST_BIND(info) == STB_WEAK});
  }
  return symbols;
}

std::optional<std::string> ElfFile::interpreter() const {
  for (const Segment& segment : segments_) {
    if (segment.type != PT_INTERP) continue;
    const auto text = slice(segment.offset, segment.size);
    if (!text) return std::nullopt;
    return std::string(text->substr(0, text->find('\0')));
  }
  return std::nullopt;
}

std::optional<std::string> build_id_in(std::string_view notes) {
  constexpr std::size_t kHeader = 12;
  const auto padded = [](std::uint64_t size) { return (size + 3) & ~std::uint64_t{3}; };
  while (notes.size() >= kHeader) {
    const std::uint64_t name_size = load<std::uint32_t>(notes, 0);
    const std::uint64_t size = load<std::uint32_t>(notes, 4);
    const std::uint64_t total = kHeader + padded(name_size) + padded(size);
    if (kHeader + padded(name_size) + size > notes.size()) return std::nullopt;
    if (load<std::uint32_t>(notes, 8) == NT_GNU_BUILD_ID && notes.substr(kHeader, 4) == std::string_view("GNU\0", 4)) {
      return to_hex(notes.substr(static_cast<std::size_t>(kHeader + padded(name_size)), size));
    }
    notes.remove_prefix(static_cast<std::size_t>(std::min<std::uint64_t>(total, notes.size())));
  }
  return std::nullopt;
}

std::optional<std::string> ElfFile::build_id() const {
  for (const Segment& segment : segments_) {
    if (segment.type != PT_NOTE) continue;
    const auto notes = slice(segment.offset, segment.size);
    if (!notes) continue;
    if (auto found = build_id_in(*notes)) return found;
  }
  return std::nullopt;
}

// Bytes that are all zero are padding.
std::string_view ElfFile::appended_data() const {
  const std::string_view rest = bytes_.substr(static_cast<std::size_t>(std::min<std::uint64_t>(end_, bytes_.size())));
  return rest.find_first_not_of('\0') == std::string_view::npos ? std::string_view() : rest;
}

bool ElfFile::has_appended_data() const { return !appended_data().empty(); }

Digest ElfFile::content_digest() const {
  std::vector<std::pair<std::string_view, std::string_view>> parts;
  for (const ElfSection& section : sections_) {
    if (is_content(section)) parts.emplace_back(section.name, section.data);
  }
  std::ranges::sort(parts);  // tools may write the headers in another order
  if (has_appended_data()) parts.emplace_back("", appended_data());
  Sha256 hash;
  for (const auto& [name, data] : parts) {
    hash.update(fmt::format("{} {}\n", name, data.size()));
    hash.update(data);
  }
  return hash.finish();
}

}  // namespace xaas
