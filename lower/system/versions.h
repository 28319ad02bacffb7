// Versions as programs, pkg-config files and headers say them. A path never says one: a directory can have any name.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace xaas {

// What a program says that it is.
struct ProgramVersion {
  std::string family;   // "GCC", "clang", "Open MPI"; empty: none that is known here
  std::string version;  // empty: it says none
};
ProgramVersion program_version(std::string_view output);

// The version in the text of a .pc file, with its variables replaced; empty if it has none.
std::string pkg_config_version(std::string_view text);

// The version that the macros of a header define together: their numbers with points between. A single
// macro may be a string that holds the whole version. Empty if one of them is missing.
std::string header_version(std::string_view text, const std::vector<std::string_view>& macros);

}  // namespace xaas
