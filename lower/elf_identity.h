// Which ELF file this is: machine, kind and GNU build-id, from the headers only. Nothing in the file is trusted.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "format/base/error.h"

namespace xaas {

struct ElfIdentity {
  std::uint8_t elf_class = 0;  // ELFCLASS64, ...
  std::uint16_t machine = 0;   // EM_X86_64, ...
  std::uint16_t type = 0;      // ET_DYN, ...
  std::string build_id;        // lower-case hex digits; empty when there is none
};

// Code::invalid when it is not an ELF file of this machine's byte order or is damaged. The file position does not move.
Result<ElfIdentity> read_elf_identity(int fd);

// Whether a file of this kind runs on, or links with, what `triple` names.
bool is_elf_for(const ElfIdentity& identity, std::string_view triple);

}  // namespace xaas
