// Which strings of a program are shortened when the prefix is replaced: all that the compiler has marked, or none.
// Programs compare their paths with each other, so in one program all are shown alike. Implements spec/image-format.md,
// "Prefix".
#pragma once

#include <cstddef>
#include <cstdint>

#include "format/base/error.h"
#include "format/moved_prefix.h"

namespace xaas {

// What programs load and read as data or code has to be marked wherever the prefix of `prefix_size` bytes stands. Where
// it is not, or where `file` of `size` bytes is no program or library, the places lose their tails. Names of sources
// do not count, since programs only print them, nor does what the dynamic linker reads. Returns how many places of a
// program's data are left without tails.
Result<std::size_t> unify_strings(int file, std::uint64_t size, std::size_t prefix_size, PrefixPlaces& places);

}  // namespace xaas
