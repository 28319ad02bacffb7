// Moves relocations that call a resolver behind all others, where GNU ld puts them. Implements spec/lowering.md,
// "Engine".
#pragma once

#include <filesystem>

#include "format/base/error.h"

namespace xaas {

// Reorders the dynamic relocations of the linked file in place. Only a file for x86-64 is changed. The loader applies
// relocations in their order. A relocation against an indirect function calls the function's resolver, which may read
// what later relocations would have made. lld sorts such relocations among the others, by their symbols. Code::io if
// the file cannot be opened for writing, Code::invalid if it is damaged.
Status order_ifunc_relocations(const std::filesystem::path& file);

}  // namespace xaas
