// Which strings of a program are shortened when the prefix is replaced: all strings that the compiler has marked, or
// none. Programs compare their paths with each other, so one program shows all of them alike. Implements
// spec/image-format.md, "Prefix".
#pragma once

#include <cstddef>
#include <cstdint>

#include "format/base/error.h"
#include "format/moved_prefix.h"

namespace xaas {

// Keeps the tails of `places` only if every place in the loaded code and data of the program is marked, and removes all
// tails otherwise. It also removes them if `file` is no program or library. The prefix has `prefix_size` bytes, `file`
// has `size` bytes. Two kinds of strings do not count: names of sources, because programs only print them, and strings
// that the dynamic linker reads. Returns how many places in the program's data are left without tails.
Result<std::size_t> unify_strings(int file, std::uint64_t size, std::size_t prefix_size, PrefixPlaces& places);

}  // namespace xaas
