// Reads ELF headers and notes; see elf_identity.h.
#include "lower/elf_identity.h"

#include <elf.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <span>
#include <vector>

#include "format/base/elf_file.h"
#include "format/base/file.h"

namespace xaas {
namespace {

constexpr std::size_t kMostHeaders = 256;
constexpr std::uint64_t kNotesLimit = 1 << 20;
constexpr std::uint8_t kOwnOrder = std::endian::native == std::endian::little ? ELFDATA2LSB : ELFDATA2MSB;

Status read_all_of(const ReadBytes& read, std::uint64_t offset, const auto& into) {
  return read_elf_part(read, offset, std::as_writable_bytes(into));
}

// Checks the magic number and the byte order, and returns the class.
Result<std::uint8_t> read_class(const ReadBytes& read) {
  std::array<unsigned char, EI_NIDENT> magic{};
  XAAS_TRY(read_all_of(read, 0, std::span(magic)));
  if (std::memcmp(magic.data(), ELFMAG, SELFMAG) != 0) return fail(Code::invalid, "not an ELF file");
  if (magic[EI_DATA] != kOwnOrder) return fail(Code::invalid, "an ELF file of another byte order");
  return magic[EI_CLASS];
}

template <typename FileHeader, typename ProgramHeader>
Result<std::vector<ProgramHeader>> read_segments(const ReadBytes& read, const FileHeader& header) {
  std::vector<ProgramHeader> segments;
  if (header.e_phnum == 0) return segments;
  if (header.e_phentsize != sizeof(ProgramHeader) || header.e_phnum > kMostHeaders) {
    return fail(Code::invalid, "an ELF file has a damaged header");
  }
  segments.resize(header.e_phnum);
  XAAS_TRY(read_all_of(read, header.e_phoff, std::span(segments)));
  return segments;
}

template <typename FileHeader, typename ProgramHeader>
Result<ElfIdentity> read_headers(const ReadBytes& read, std::uint8_t elf_class) {
  FileHeader header;
  XAAS_TRY(read_all_of(read, 0, std::span(&header, 1)));
  ElfIdentity identity{.elf_class = elf_class, .machine = header.e_machine, .type = header.e_type, .build_id = {}};
  XAAS_ASSIGN(const auto segments, (read_segments<FileHeader, ProgramHeader>(read, header)));
  for (const ProgramHeader& segment : segments) {
    if (segment.p_type != PT_NOTE || segment.p_filesz > kNotesLimit || !identity.build_id.empty()) continue;
    std::string notes(segment.p_filesz, '\0');
    XAAS_TRY(read_all_of(read, segment.p_offset, std::span(notes)));
    identity.build_id = build_id_in(notes).value_or("");
  }
  return identity;
}

struct TripleMachine {
  std::string_view architecture;
  std::uint8_t elf_class;
  std::uint16_t machine;
};

constexpr std::array kMachines{
    TripleMachine{"x86_64", ELFCLASS64, EM_X86_64},
    TripleMachine{"aarch64", ELFCLASS64, EM_AARCH64},
    TripleMachine{"powerpc64le", ELFCLASS64, EM_PPC64},
    TripleMachine{"riscv64", ELFCLASS64, EM_RISCV},
};

}  // namespace

Result<ElfIdentity> read_elf_identity(int fd) {
  return read_elf_identity([fd](std::uint64_t offset, std::span<std::byte> into) { return read_at(fd, offset, into); });
}

Result<ElfIdentity> read_elf_identity(const ReadBytes& read) {
  XAAS_ASSIGN(const std::uint8_t elf_class, read_class(read));
  if (elf_class == ELFCLASS64) return read_headers<Elf64_Ehdr, Elf64_Phdr>(read, ELFCLASS64);
  if (elf_class == ELFCLASS32) return read_headers<Elf32_Ehdr, Elf32_Phdr>(read, ELFCLASS32);
  return fail(Code::invalid, "an ELF file of an unknown class");
}

Status read_elf_part(const ReadBytes& read, std::uint64_t offset, std::span<std::byte> into) {
  XAAS_ASSIGN(const std::size_t got, read(offset, into));
  if (got < into.size()) return fail(Code::invalid, "an ELF file is truncated");
  return {};
}

Result<std::vector<Elf64_Phdr>> read_elf_segments(const ReadBytes& read) {
  XAAS_ASSIGN(const std::uint8_t elf_class, read_class(read));
  if (elf_class != ELFCLASS64) return fail(Code::invalid, "not a 64-bit ELF file");
  Elf64_Ehdr header;
  XAAS_TRY(read_all_of(read, 0, std::span(&header, 1)));
  return read_segments<Elf64_Ehdr, Elf64_Phdr>(read, header);
}

bool is_elf_for(const ElfIdentity& identity, std::string_view triple) {
  const std::string_view architecture = triple.substr(0, triple.find('-'));
  return std::any_of(kMachines.begin(), kMachines.end(), [&](const TripleMachine& known) {
    return known.architecture == architecture && known.elf_class == identity.elf_class &&
           known.machine == identity.machine;
  });
}

}  // namespace xaas
