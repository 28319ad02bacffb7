// The files that an install command writes to /usr/local, where most makefiles install if they do not hear of the
// prefix. Implements spec/recipe.md, "Installing".
#pragma once

#include <ctime>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace xaas {

inline constexpr std::string_view kLocal = "/usr/local";

struct StrayFiles {
  std::vector<std::string> names;  // relative to kLocal, sorted
  bool are_on_host = false;        // they stay there after the command
};

// The files below `directory`, relative to it and sorted, but not what Python keeps for itself where it runs.
std::vector<std::string> files_in(const std::filesystem::path& directory);

// Those of an overlay's upper directory that `lower`, which it covers, lacks.
std::vector<std::string> files_added(const std::filesystem::path& upper, const std::filesystem::path& lower);

// Those that were made or changed at `start` or later, but not those below `except`.
std::vector<std::string> files_changed_since(const timespec& start, const std::filesystem::path& directory,
                                             const std::filesystem::path& except);

// The time by the clock from which the kernel takes the times of files.
timespec file_clock_now();

// A warning about files, of which there is one at least. `is_all` says that the command has installed nothing else:
// then the warning says what to do, with `advice` at the end.
std::string describe_strays(const StrayFiles& files, bool is_all, std::string_view advice);

// Whether the file is what an overlay puts in the place of a removed file of the lower layer.
bool is_whiteout(const std::filesystem::path& path);

// Whether the path is a directory and no link to one.
bool is_real_directory(const std::filesystem::path& path);

}  // namespace xaas
