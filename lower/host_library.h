// Finds the shared libraries of this host. Implements spec/lowering.md, section "Choosing a configuration".
#pragma once

#include <filesystem>
#include <optional>
#include <string_view>
#include <vector>

namespace xaas {

inline constexpr const char* kLoaderConfiguration = "/etc/ld.so.conf";

// The directories that are searched, in this order: those that the file `configuration` (kLoaderConfiguration) and the
// files it includes name, then the default ones for `triple`.
std::vector<std::filesystem::path> host_library_directories(const std::filesystem::path& configuration,
                                                            std::string_view triple);

// Finds a shared library as the dynamic loader of this host would: in the directories of /etc/ld.so.conf, then in the
// default ones. LD_LIBRARY_PATH is ignored. A file for another machine than `triple`'s is passed over. Nullopt if no
// directory has the library.
std::optional<std::filesystem::path> find_host_library(std::string_view soname, std::string_view triple);
// The same for who looks for several libraries: `directories` is host_library_directories(kLoaderConfiguration,
// triple).
std::optional<std::filesystem::path> find_host_library(std::string_view soname, std::string_view triple,
                                                       const std::vector<std::filesystem::path>& directories);

// The symbol versions that this host's library `soname` defines. Nullopt if the library is not found or cannot be read.
std::optional<std::vector<std::string>> host_library_versions(std::string_view soname, std::string_view triple);

// Whether this host's libc defines a symbol version, such as "GLIBC_2.34". True if the versions of libc cannot be read.
bool host_libc_has(std::string_view version, std::string_view triple);

}  // namespace xaas
