// The symbols by which ELF files find each other, as text: "dgemm_", or "GOMP_parallel@GOMP_4.0" with a version.
#pragma once

#include <functional>
#include <set>
#include <string>

#include "format/base/elf_file.h"
#include "format/base/error.h"

namespace xaas {

using SymbolNames = std::set<std::string, std::less<>>;

// What the file offers: each symbol without its version, and one with a version also with it. Errors are those of
// ElfFile::dynamic_symbols().
Result<SymbolNames> defined_symbols(const ElfFile& elf);
// What the file asks of others, with the versions that it asks for. Weak references are left out.
Result<SymbolNames> undefined_symbols(const ElfFile& elf);
// Takes out of `symbols` what the file offers. Needs less time and memory than defined_symbols().
Status remove_defined(SymbolNames& symbols, const ElfFile& elf);

}  // namespace xaas
