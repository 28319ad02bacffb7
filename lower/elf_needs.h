// The libraries that an ELF file asks the dynamic loader for. Reads headers, the dynamic section and the names, not the
// whole file, and checks everything it reads.
#pragma once

#include <string>
#include <vector>

#include "format/base/error.h"
#include "lower/elf_identity.h"

namespace xaas {

struct ElfNeeds {
  std::vector<std::string> sonames;  // DT_NEEDED, in the file's order; empty in a static program
  std::string rpath;                 // DT_RUNPATH, or else DT_RPATH
};

// Code::invalid if the file is not a 64-bit ELF file of this machine's byte order, or is damaged.
Result<ElfNeeds> read_elf_needs(const ReadBytes& read);

}  // namespace xaas
