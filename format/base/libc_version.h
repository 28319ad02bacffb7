// The symbol versions of glibc, such as "GLIBC_2.34", and their order.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace xaas {

// Whether the version is one of glibc's, "GLIBC_PRIVATE" and the like included.
bool is_libc_version(std::string_view version);

// "GLIBC_2.3.4" -> {2, 3, 4}, which compare as the versions do. Empty, which is less than any, for another text, such
// as "GLIBC_PRIVATE".
std::vector<unsigned> libc_version_numbers(std::string_view version);

// The newest of the versions that are glibc's; empty if none is.
std::string newest_libc_version(const std::vector<std::string>& versions);

}  // namespace xaas
