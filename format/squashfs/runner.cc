// Makes runners and looks behind them; see runner.h and spec/image-format.md, "Executable images", for the layout.
#include "format/squashfs/runner.h"

#include <elf.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>
#include <optional>
#include <span>
#include <vector>

#include "format/base/elf_file.h"
#include "format/base/file.h"
#include "format/base/little_endian.h"

// The linker defines this symbol: the ELF header of this program, as it lies in memory.
extern "C" const Elf64_Ehdr __ehdr_start __attribute__((visibility("hidden")));  // NOLINT(bugprone-reserved-identifier)

namespace xaas {
namespace {

constexpr std::size_t kElfHeaderSize = sizeof(Elf64_Ehdr);
constexpr std::size_t kProgramHeaderSize = sizeof(Elf64_Phdr);
constexpr std::size_t kMostProgramHeaders = 256;  // a static program has about ten

// Where the program headers of a 64-bit little-endian ELF file are.
struct ProgramHeaders {
  std::uint64_t offset = 0;
  std::size_t count = 0;
};

// Nullopt if this is not the header of a 64-bit little-endian ELF file, or has headers of other sizes.
std::optional<ProgramHeaders> program_headers(std::span<const std::byte> header) {
  if (header[EI_CLASS] != std::byte{ELFCLASS64} || header[EI_DATA] != std::byte{ELFDATA2LSB}) return std::nullopt;
  const ProgramHeaders headers{load_le<std::uint64_t>(header, offsetof(Elf64_Ehdr, e_phoff)),
                               load_le<std::uint16_t>(header, offsetof(Elf64_Ehdr, e_phnum))};
  const auto size = load_le<std::uint16_t>(header, offsetof(Elf64_Ehdr, e_phentsize));
  if (headers.count == 0 || headers.count > kMostProgramHeaders || size != kProgramHeaderSize) return std::nullopt;
  return headers;
}

bool has_sections(std::span<const std::byte> header) {
  return load_le<std::uint64_t>(header, offsetof(Elf64_Ehdr, e_shoff)) != 0;
}

// Where the last segment ends. `table` has the program headers. A sum that is too large becomes the largest number.
std::uint64_t end_of_segments(std::span<const std::byte> table) {
  std::uint64_t end = kElfHeaderSize;
  for (std::size_t at = 0; at < table.size(); at += kProgramHeaderSize) {
    const auto offset = load_le<std::uint64_t>(table, at + offsetof(Elf64_Phdr, p_offset));
    const auto size = load_le<std::uint64_t>(table, at + offsetof(Elf64_Phdr, p_filesz));
    const std::uint64_t most = std::numeric_limits<std::uint64_t>::max() - offset;
    end = std::max(end, offset + std::min(size, most));
  }
  return end;
}

std::uint64_t padded(std::uint64_t size) { return (size + kRunnerAlignment - 1) / kRunnerAlignment * kRunnerAlignment; }

tl::unexpected<Error> fail_truncated() {
  return fail(Code::invalid, "the file ends before its image begins: fetch it again");
}

}  // namespace

Result<std::string> make_runner(std::string_view program) {
  XAAS_ASSIGN(const ElfFile elf, ElfFile::parse(program));
  const std::span<const std::byte> bytes = std::as_bytes(std::span(program));
  const auto headers = program_headers(bytes);
  if (!elf.is_native() || !headers) return fail(Code::invalid, "not a program for this machine");
  if (elf.interpreter()) {
    return fail(Code::unsupported,
                "dynamically linked, so it would not run on other hosts: build it with -DXAAS_STATIC=ON");
  }
  // ElfFile has checked that the headers and the segments lie within the file.
  const auto table = bytes.subspan(headers->offset, headers->count * kProgramHeaderSize);
  const std::uint64_t end = std::max(end_of_segments(table), headers->offset + table.size());
  std::string runner(program.substr(0, end));
  const auto clear = [&](std::size_t at, std::size_t size) {
    std::fill_n(runner.begin() + static_cast<std::ptrdiff_t>(at), size, '\0');
  };
  clear(offsetof(Elf64_Ehdr, e_shoff), sizeof(Elf64_Off));
  clear(offsetof(Elf64_Ehdr, e_shnum), sizeof(Elf64_Half));
  clear(offsetof(Elf64_Ehdr, e_shstrndx), sizeof(Elf64_Half));
  runner.resize(padded(end));
  return runner;
}

Result<std::uint64_t> find_image(int fd, std::uint64_t offset, std::uint64_t size) {
  std::array<std::byte, kElfHeaderSize> header{};
  XAAS_ASSIGN(const std::size_t got, read_at(fd, offset, header));
  const std::string_view beginning(reinterpret_cast<const char*>(header.data()), got);
  if (!beginning.starts_with(std::string_view(ELFMAG, SELFMAG))) return offset;
  if (got < header.size()) return fail_truncated();
  const auto headers = program_headers(header);
  if (!headers || has_sections(header)) return fail(Code::invalid, "a program, and no image");
  if (headers->offset > size) return fail_truncated();
  std::vector<std::byte> table(headers->count * kProgramHeaderSize);
  XAAS_ASSIGN(const std::size_t table_got, read_at(fd, offset + headers->offset, table));
  if (table_got < table.size()) return fail_truncated();
  const std::uint64_t end = std::max(end_of_segments(table), headers->offset + table.size());
  if (end >= size - offset || padded(end) >= size - offset) return fail_truncated();
  return offset + padded(end);
}

bool is_runner() { return __ehdr_start.e_shoff == 0; }

}  // namespace xaas
