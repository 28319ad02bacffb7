// Identifies an ELF file by machine, kind and GNU build-id. Reads headers and notes only, and checks everything it
// reads.
#pragma once

#include <elf.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "format/base/error.h"

namespace xaas {

struct ElfIdentity {
  std::uint8_t elf_class = 0;  // ELFCLASS64, ...
  std::uint16_t machine = 0;   // EM_X86_64, ...
  std::uint16_t type = 0;      // ET_DYN, ...
  std::string build_id;        // lower-case hex digits; empty if the file has no build-id
};

// Code::invalid if the file is not ELF, has another byte order than this machine, or is damaged. The file position does
// not move.
Result<ElfIdentity> read_elf_identity(int fd);
// The same for bytes from elsewhere. `read` returns how many bytes it has read, fewer than asked only at the end.
using ReadBytes = std::function<Result<std::size_t>(std::uint64_t offset, std::span<std::byte> into)>;
Result<ElfIdentity> read_elf_identity(const ReadBytes& read);

// Fills `into` with the bytes from `offset` on. Code::invalid if the file ends before.
Status read_elf_part(const ReadBytes& read, std::uint64_t offset, std::span<std::byte> into);
// The program headers of a 64-bit file, of which there are none in a relocatable file. Code::invalid as above, also if
// the file has another class.
Result<std::vector<Elf64_Phdr>> read_elf_segments(const ReadBytes& read);

// Whether a file of this class and machine runs on `triple`, or can be linked for it.
bool is_elf_for(const ElfIdentity& identity, std::string_view triple);

}  // namespace xaas
