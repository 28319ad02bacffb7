// Finds the shared libraries of this host. Implements spec/lowering.md, section "Choosing a configuration".
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "format/base/elf_file.h"
#include "format/base/error.h"

namespace xaas {

inline constexpr const char* kLoaderConfiguration = "/etc/ld.so.conf";

// The directories that are searched, in this order: those that the file `configuration` (kLoaderConfiguration) and the
// files it includes name, then the default ones for `triple`.
std::vector<std::filesystem::path> host_library_directories(const std::filesystem::path& configuration,
                                                            std::string_view triple);

// The same for a system whose root directory is `root`. Its configuration is /etc/ld.so.conf there. The directories are
// as that system calls them.
std::vector<std::filesystem::path> library_directories_below(const std::filesystem::path& root,
                                                             std::string_view triple);

// "x86_64-linux-gnu": how Debian calls directories for a triple.
std::string multiarch_name(std::string_view triple);

// Finds a shared library as the dynamic loader of this host would: in the directories of /etc/ld.so.conf, then in the
// default ones. LD_LIBRARY_PATH is ignored. A file for another machine than `triple`'s is passed over. Nullopt if no
// directory has the library.
std::optional<std::filesystem::path> find_host_library(std::string_view soname, std::string_view triple);
// The same for who looks for several libraries: `directories` is host_library_directories(kLoaderConfiguration,
// triple).
std::optional<std::filesystem::path> find_host_library(std::string_view soname, std::string_view triple,
                                                       const std::vector<std::filesystem::path>& directories);

// The names of all libraries that find_host_library() finds for `triple`, sorted.
std::vector<std::string> host_library_names(std::string_view triple);

// What stands for the content of a library in a key: "build-id:…", or "sha256:…" if it has no build-id.
Result<std::string> identify_library(const std::filesystem::path& path);

// The bytes of the library, or nullopt if its identity is another one than `identity` by now.
Result<std::optional<std::string>> read_library_with(const std::filesystem::path& path, std::string_view identity);

// What programs can ask of a shared library.
struct LibraryInterface {
  std::vector<std::string> versions;  // symbol versions that it defines, in the file's order
  // Names of the functions and data that it exports, sorted. Nullopt if they are not known: a description has those of
  // libc and its parts only.
  std::optional<std::vector<std::string>> symbols;
};

Result<LibraryInterface> library_interface(const ElfFile& elf);
Result<std::vector<std::string>> read_library_versions(const std::filesystem::path& path);
Result<LibraryInterface> read_library_interface(const std::filesystem::path& path);

}  // namespace xaas
