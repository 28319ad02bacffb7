// The linkers that compilers start: their names, and the real linker behind a name. Implements spec/lowering.md, "The
// link that the project asked for".
#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <string_view>

#include "format/base/error.h"

namespace xaas {

// The name under which the stand-in for lld is found. lld is beside clang and need not be in PATH.
inline constexpr const char* kLldName = "ld.lld";

// Whether a compiler would start a program of this name to link: "ld", "ld.gold", "x86_64-linux-gnu-ld.bfd".
bool is_linker_name(std::string_view name);
// Whether it is a name of lld.
bool is_lld_name(std::string_view name);

// Whether the linker of this name can write a map on request, which changes nothing else that it makes.
bool writes_maps(std::string_view name);

// The names of the linkers in PATH.
std::set<std::string> linker_names_in_path();

// The real linker behind `name`. clang takes the lld beside it, which is `lld`; any other linker comes from PATH.
// Code::not_found.
Result<std::filesystem::path> find_real_linker(const std::string& name, const std::filesystem::path& lld);

}  // namespace xaas
