// Where this host keeps its shared libraries. Implements spec/lowering.md, section "Choosing a configuration".
#pragma once

#include <filesystem>
#include <optional>
#include <string_view>
#include <vector>

namespace xaas {

// In the order in which they are searched: those of `configuration` (/etc/ld.so.conf, with its includes), then the
// default ones for `triple`.
std::vector<std::filesystem::path> host_library_directories(const std::filesystem::path& configuration,
                                                            std::string_view triple);

// Finds a shared library as the dynamic loader of this host would: LD_LIBRARY_PATH is ignored, then the directories of
// /etc/ld.so.conf, then the default ones. Only files of `triple`'s machine. Nullopt when there is none.
std::optional<std::filesystem::path> find_host_library(std::string_view soname, std::string_view triple);

// The symbol versions that this host's library of that name defines; nullopt when there is none, or it cannot be read.
std::optional<std::vector<std::string>> host_library_versions(std::string_view soname, std::string_view triple);

// Whether this host's libc has a symbol version: "GLIBC_2.34". Also true where that cannot be told.
bool host_libc_has(std::string_view version, std::string_view triple);

}  // namespace xaas
