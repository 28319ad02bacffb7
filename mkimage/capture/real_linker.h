// The linkers that compilers start: their names, and the real one behind a name. Implements spec/lowering.md, "The link
// that the project asked for".
#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <string_view>

#include "format/base/error.h"

namespace xaas {

// The name by which our stand-in is found for lld, which is beside clang and need not be in PATH.
inline constexpr const char* kLldName = "ld.lld";

// Whether a compiler would start a program of this name to link: "ld", "ld.gold", "x86_64-linux-gnu-ld.bfd".
bool is_linker_name(std::string_view name);
// Whether it is lld's name.
bool is_lld_name(std::string_view name);

// Whether the linker of this name is known to write a map when it is asked to, which changes nothing that it makes.
bool writes_maps(std::string_view name);

// The names of linkers that PATH has.
std::set<std::string> linker_names_in_path();

// The linker that `name` is: clang takes the lld that is beside it, which is `lld`; others are those of PATH.
// Code::not_found.
Result<std::filesystem::path> find_real_linker(const std::string& name, const std::filesystem::path& lld);

}  // namespace xaas
