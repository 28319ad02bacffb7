// Writes a small ELF file; see forwarding_library.h.
#include "lower/forwarding_library.h"

#include <elf.h>

#include <array>
#include <cstddef>
#include <cstring>
#include <string_view>

namespace xaas {
namespace {

constexpr std::size_t kAlignment = 8;
constexpr std::uint64_t kLargestPage = 0x10000;  // of any machine that runs programs of 64 bits

// The hash by which the dynamic loader compares names of versions, as the ELF specification has it.
std::uint32_t elf_hash(std::string_view name) {
  std::uint32_t hash = 0;
  for (const char c : name) {
    hash = (hash << 4U) + static_cast<unsigned char>(c);
    const std::uint32_t high = hash & 0xf0000000U;
    hash ^= high >> 24U;
    hash &= ~high;
  }
  return hash;
}

// The bytes of a file, made from the beginning to the end.
class ElfBytes {
 public:
  template <typename T>
  void append(const T& value) {
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof(value));
  }
  template <typename T>
  void put(std::size_t at, const T& value) {
    std::memcpy(bytes_.data() + at, &value, sizeof(value));
  }
  void append_text(std::string_view text) { bytes_ += text; }
  void fill(std::size_t size) { bytes_.append(size, '\0'); }
  std::size_t align() {
    fill((kAlignment - bytes_.size() % kAlignment) % kAlignment);
    return bytes_.size();
  }
  std::size_t size() const { return bytes_.size(); }
  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

// The strings of the dynamic section.
class ElfStrings {
 public:
  std::uint32_t add(std::string_view text) {
    const auto at = static_cast<std::uint32_t>(bytes_.size());
    bytes_ += text;
    bytes_ += '\0';
    return at;
  }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_ = std::string(1, '\0');
};

constexpr std::size_t kSegments = 3;

// The headers' sizes do not depend on the content.
void append_headers(ElfBytes& file, std::uint16_t machine) {
  Elf64_Ehdr header{};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_ident[EI_VERSION] = EV_CURRENT;
  header.e_type = ET_DYN;
  header.e_machine = machine;
  header.e_version = EV_CURRENT;
  header.e_phoff = sizeof(Elf64_Ehdr);
  header.e_ehsize = sizeof(Elf64_Ehdr);
  header.e_phentsize = sizeof(Elf64_Phdr);
  header.e_phnum = kSegments;
  header.e_shentsize = sizeof(Elf64_Shdr);
  file.append(header);
  file.fill(kSegments * sizeof(Elf64_Phdr));
}

// No symbol is defined. The table has the one that every table begins with.
std::size_t append_hash(ElfBytes& file) {
  const std::size_t at = file.align();
  file.append(std::array<std::uint32_t, 4>{1, 1, 0, 0});  // one bucket and one link, both empty
  return at;
}

std::size_t append_symbols(ElfBytes& file) {
  const std::size_t at = file.align();
  file.append(Elf64_Sym{});
  return at;
}

std::size_t append_symbol_versions(ElfBytes& file) {
  const std::size_t at = file.align();
  file.append(std::uint16_t{VER_NDX_LOCAL});
  return at;
}

// The first record is that of the file itself.
std::size_t append_versions(ElfBytes& file, const std::vector<std::string>& names, ElfStrings& strings) {
  const std::size_t at = file.align();
  constexpr std::uint32_t kRecord = sizeof(Elf64_Verdef) + sizeof(Elf64_Verdaux);
  for (std::size_t i = 0; i < names.size(); ++i) {
    Elf64_Verdef version{};
    version.vd_version = VER_DEF_CURRENT;
    version.vd_flags = i == 0 ? VER_FLG_BASE : 0;
    version.vd_ndx = static_cast<std::uint16_t>(i + 1);
    version.vd_cnt = 1;
    version.vd_hash = elf_hash(names[i]);
    version.vd_aux = sizeof(Elf64_Verdef);
    version.vd_next = i + 1 < names.size() ? kRecord : 0;
    file.append(version);
    file.append(Elf64_Verdaux{strings.add(names[i]), 0});
  }
  return at;
}

// The loader relocates addresses in the dynamic section, so the segment can be written.
void put_segments(ElfBytes& file, std::size_t dynamic, std::size_t dynamic_size) {
  std::array<Elf64_Phdr, kSegments> segments{};
  segments[0].p_type = PT_LOAD;
  segments[0].p_flags = PF_R | PF_W;
  segments[0].p_filesz = segments[0].p_memsz = file.size();
  segments[0].p_align = kLargestPage;
  segments[1].p_type = PT_DYNAMIC;
  segments[1].p_flags = PF_R | PF_W;
  segments[1].p_offset = segments[1].p_vaddr = segments[1].p_paddr = dynamic;
  segments[1].p_filesz = segments[1].p_memsz = dynamic_size;
  segments[1].p_align = kAlignment;
  segments[2].p_type = PT_GNU_STACK;  // without it, the loader would make the stack executable
  segments[2].p_flags = PF_R | PF_W;
  file.put(sizeof(Elf64_Ehdr), segments);
}

}  // namespace

std::string make_forwarding_library(const ForwardingLibrary& library) {
  ElfStrings strings;
  std::vector<Elf64_Dyn> dynamic;
  const auto add = [&](Elf64_Sxword tag, std::uint64_t value) {
    Elf64_Dyn entry{};
    entry.d_tag = tag;
    entry.d_un.d_val = value;
    dynamic.push_back(entry);
  };
  for (const std::string& needed : library.needed) add(DT_NEEDED, strings.add(needed));
  add(DT_SONAME, strings.add(library.soname));
  if (!library.runpath.empty()) add(DT_RUNPATH, strings.add(library.runpath));

  ElfBytes file;
  append_headers(file, library.machine);
  add(DT_HASH, append_hash(file));
  add(DT_SYMTAB, append_symbols(file));
  add(DT_SYMENT, sizeof(Elf64_Sym));
  if (!library.versions.empty()) {
    std::vector<std::string> names = {library.soname};
    names.insert(names.end(), library.versions.begin(), library.versions.end());
    add(DT_VERSYM, append_symbol_versions(file));
    add(DT_VERDEF, append_versions(file, names, strings));
    add(DT_VERDEFNUM, names.size());
  }
  add(DT_STRTAB, file.align());
  add(DT_STRSZ, strings.bytes().size());
  file.append_text(strings.bytes());
  add(DT_NULL, 0);
  const std::size_t at = file.align();
  for (const Elf64_Dyn& entry : dynamic) file.append(entry);
  put_segments(file, at, dynamic.size() * sizeof(Elf64_Dyn));
  return file.take();
}

}  // namespace xaas
