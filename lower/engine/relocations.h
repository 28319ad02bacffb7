// Puts relocations that call a resolver behind all others, where GNU ld puts them. Implements spec/lowering.md,
// "Engine".
#pragma once

#include <filesystem>

#include "format/base/error.h"

namespace xaas {

// Of the linked file, in place. The loader applies dynamic relocations in their order. One against an indirect function
// calls its resolver, which may read what later ones would have made: lld sorts them among the others by their symbols.
// Code::io when the file cannot be written.
Status order_ifunc_relocations(const std::filesystem::path& file);

}  // namespace xaas
