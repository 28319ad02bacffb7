// See elf_needs.h.
#include "lower/elf_needs.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace xaas {
namespace {

constexpr std::uint64_t kLargestDynamic = 1 << 16;  // bytes
constexpr std::size_t kLongestName = 1 << 12;       // bytes of a soname or an rpath

// Where the byte at `address` of the running program stands in the file.
std::optional<std::uint64_t> offset_of(const std::vector<Elf64_Phdr>& segments, std::uint64_t address) {
  for (const Elf64_Phdr& segment : segments) {
    const bool is_inside = address >= segment.p_vaddr && address - segment.p_vaddr < segment.p_filesz;
    if (segment.p_type == PT_LOAD && is_inside) return segment.p_offset + (address - segment.p_vaddr);
  }
  return std::nullopt;
}

Result<std::vector<Elf64_Dyn>> read_dynamic(const ReadBytes& read, const std::vector<Elf64_Phdr>& segments) {
  const auto found = std::ranges::find(segments, Elf64_Word{PT_DYNAMIC}, &Elf64_Phdr::p_type);
  if (found == segments.end()) return std::vector<Elf64_Dyn>();
  if (found->p_filesz > kLargestDynamic) return fail(Code::invalid, "an ELF file's dynamic section is too large");
  std::vector<Elf64_Dyn> entries(found->p_filesz / sizeof(Elf64_Dyn));
  XAAS_TRY(read_elf_part(read, found->p_offset, std::as_writable_bytes(std::span(entries))));
  entries.erase(std::ranges::find(entries, Elf64_Sxword{DT_NULL}, &Elf64_Dyn::d_tag), entries.end());
  return entries;
}

Result<std::string> read_name(const ReadBytes& read, std::uint64_t offset) {
  std::string name(kLongestName, '\0');
  XAAS_ASSIGN(const std::size_t got, read(offset, std::as_writable_bytes(std::span(name))));
  const std::size_t end = name.find('\0');
  if (end >= got) return fail(Code::invalid, "a name in an ELF file has no end");
  name.resize(end);
  return name;
}

}  // namespace

Result<ElfNeeds> read_elf_needs(const ReadBytes& read) {
  XAAS_ASSIGN(const std::vector<Elf64_Phdr> segments, read_elf_segments(read));
  XAAS_ASSIGN(const std::vector<Elf64_Dyn> entries, read_dynamic(read, segments));
  ElfNeeds needs;
  const auto table = std::ranges::find(entries, Elf64_Sxword{DT_STRTAB}, &Elf64_Dyn::d_tag);
  if (table == entries.end()) return needs;
  const std::optional<std::uint64_t> names = offset_of(segments, table->d_un.d_ptr);
  if (!names) return fail(Code::invalid, "an ELF file's dynamic section points outside of its segments");
  for (const Elf64_Dyn& entry : entries) {
    const bool is_rpath = entry.d_tag == DT_RUNPATH || (entry.d_tag == DT_RPATH && needs.rpath.empty());
    if (entry.d_tag != DT_NEEDED && !is_rpath) continue;
    XAAS_ASSIGN(std::string name, read_name(read, *names + entry.d_un.d_val));
    if (is_rpath) {
      needs.rpath = std::move(name);
    } else {
      needs.sonames.push_back(std::move(name));
    }
  }
  return needs;
}

}  // namespace xaas
