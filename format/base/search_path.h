// The directories that an ELF file names for its libraries, in DT_RPATH or DT_RUNPATH.
#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

namespace xaas {

// The directories of an rpath, in order, for a file in the directory `origin`, which stands for $ORIGIN. An empty entry
// is left out.
std::vector<std::filesystem::path> search_path(std::string_view rpath, const std::filesystem::path& origin);

// The absolute ones among the directories of an rpath or of LD_LIBRARY_PATH, in order.
std::vector<std::filesystem::path> absolute_directories(std::string_view list);

}  // namespace xaas
