// Finds places in the sections of ELF files; see program_strings.h. It reads only headers, so files may have any size.
#include "format/program_strings.h"

#include <elf.h>

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "format/base/file.h"
#include "format/base/little_endian.h"

namespace xaas {
namespace {

constexpr std::string_view kSources = "/.xaas/";  // follows the prefix in the name of a source

struct Range {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

// Returns fewer bytes where the file ends.
Result<std::string> text_at(int file, std::uint64_t offset, std::size_t size) {
  std::string bytes(size, '\0');
  XAAS_ASSIGN(const std::size_t got, read_at(file, offset, std::as_writable_bytes(std::span(bytes))));
  bytes.resize(got);
  return bytes;
}

template <typename T>
T load(std::string_view bytes, std::size_t offset) {
  return load_le<T>(std::as_bytes(std::span(bytes)), offset);
}

// The two classes of ELF files have their fields at different offsets.
struct Layout {
  bool is_64;
  std::size_t sections_at, counts_at, header_size, flags_at, offset_at, size_at;
  std::uint64_t word(std::string_view bytes, std::size_t at) const {
    return is_64 ? load<std::uint64_t>(bytes, at) : load<std::uint32_t>(bytes, at);
  }
};
constexpr Layout kLayout64{true,
                           offsetof(Elf64_Ehdr, e_shoff),
                           offsetof(Elf64_Ehdr, e_shentsize),
                           sizeof(Elf64_Shdr),
                           offsetof(Elf64_Shdr, sh_flags),
                           offsetof(Elf64_Shdr, sh_offset),
                           offsetof(Elf64_Shdr, sh_size)};
constexpr Layout kLayout32{false,
                           offsetof(Elf32_Ehdr, e_shoff),
                           offsetof(Elf32_Ehdr, e_shentsize),
                           sizeof(Elf32_Shdr),
                           offsetof(Elf32_Shdr, sh_flags),
                           offsetof(Elf32_Shdr, sh_offset),
                           offsetof(Elf32_Shdr, sh_size)};

// Where the file has the code and data that are loaded. Empty if the file is no program or library, or if its section
// headers cannot be read.
Result<std::vector<Range>> loaded_sections(int file, std::uint64_t size) {
  XAAS_ASSIGN(const std::string header, text_at(file, 0, sizeof(Elf64_Ehdr)));
  if (header.size() < sizeof(Elf64_Ehdr) || !header.starts_with(ELFMAG) || header[EI_DATA] != ELFDATA2LSB) return {};
  const auto type = load<std::uint16_t>(header, offsetof(Elf64_Ehdr, e_type));
  if (type != ET_EXEC && type != ET_DYN) return {};
  const Layout& layout = header[EI_CLASS] == ELFCLASS64 ? kLayout64 : kLayout32;
  const std::uint64_t begin = layout.word(header, layout.sections_at);
  const auto entry_size = load<std::uint16_t>(header, layout.counts_at);
  const std::uint64_t count = load<std::uint16_t>(header, layout.counts_at + 2);
  if (entry_size < layout.header_size || begin > size || count * entry_size > size - begin) return {};
  XAAS_ASSIGN(const std::string table, text_at(file, begin, static_cast<std::size_t>(count * entry_size)));
  if (table.size() < count * entry_size) return {};
  std::vector<Range> ranges;
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::string_view section = std::string_view(table).substr(static_cast<std::size_t>(i * entry_size));
    const bool is_data = load<std::uint32_t>(section, offsetof(Elf64_Shdr, sh_type)) == SHT_PROGBITS;
    if (!is_data || (layout.word(section, layout.flags_at) & SHF_ALLOC) == 0) continue;
    const std::uint64_t offset = layout.word(section, layout.offset_at);
    ranges.push_back({offset, offset + layout.word(section, layout.size_at)});
  }
  return ranges;
}

}  // namespace

Result<std::size_t> unify_strings(int file, std::uint64_t size, std::size_t prefix_size, PrefixPlaces& places) {
  if (places.list.empty() || places.text) return std::size_t{0};
  XAAS_ASSIGN(const std::vector<Range> sections, loaded_sections(file, size));
  std::size_t of_data = 0;
  std::size_t marked = 0;
  for (PrefixPlace& place : places.list) {
    const bool is_data = std::ranges::any_of(
        sections, [&](const Range& range) { return range.begin <= place.offset && place.offset < range.end; });
    if (!is_data) place.tail.reset();
    if (!is_data) continue;
    XAAS_ASSIGN(const std::string behind, text_at(file, place.offset + prefix_size, kSources.size()));
    if (behind == kSources) continue;
    ++of_data;
    if (place.tail) ++marked;
  }
  if (marked == of_data) return std::size_t{0};
  for (PrefixPlace& place : places.list) place.tail.reset();
  return of_data;
}

}  // namespace xaas
