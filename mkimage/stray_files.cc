// See stray_files.h.
#include "mkimage/stray_files.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <utility>

#include "format/base/short_list.h"

namespace xaas {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kStraysNamed = 5;

// The files below `directory` that count, relative to it. Leaves out what is below `except`, what this user may not
// read, and what Python keeps for itself where it runs.
std::vector<std::string> list_files(const fs::path& directory, const fs::path& except, const auto& counts) {
  std::vector<std::string> found;
  std::error_code error;
  fs::recursive_directory_iterator entry(directory, fs::directory_options::skip_permission_denied, error);
  for (; !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    const fs::path& path = entry->path();
    const bool is_pythons = path.parent_path().filename() == "__pycache__";
    if (path == except) {
      entry.disable_recursion_pending();
    } else if (!is_real_directory(path) && !is_pythons && !is_whiteout(path)) {
      const fs::path relative = path.lexically_relative(directory);
      if (counts(relative)) found.push_back(relative.string());
    }
  }
  std::ranges::sort(found);
  return found;
}

}  // namespace

std::vector<std::string> files_in(const fs::path& directory) {
  return list_files(directory, {}, [](const fs::path&) { return true; });
}

std::vector<std::string> files_added(const fs::path& upper, const fs::path& lower) {
  return list_files(upper, {}, [&](const fs::path& relative) {
    std::error_code ignored;
    return !fs::exists(fs::symlink_status(lower / relative, ignored));
  });
}

std::vector<std::string> files_changed_since(const timespec& start, const fs::path& directory, const fs::path& except) {
  return list_files(directory, except, [&](const fs::path& relative) {
    struct stat status{};
    if (lstat((directory / relative).c_str(), &status) != 0) return false;
    // The time of the last change, which no program can set.
    return std::pair(status.st_ctim.tv_sec, status.st_ctim.tv_nsec) >= std::pair(start.tv_sec, start.tv_nsec);
  });
}

timespec file_clock_now() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME_COARSE, &now);
  return now;
}

std::string describe_strays(const StrayFiles& files, bool is_all, std::string_view advice) {
  const std::string_view where =
      files.are_on_host ? "on this host and not in the image" : "neither in the image nor on this host";
  const std::string names = short_list(files.names, kStraysNamed);
  if (!is_all) {
    return fmt::format("the install command also wrote to {}: {}; these files are {}", kLocal, names, where);
  }
  // Where the files stay on the host, no overlay would bring them into an image with that prefix either.
  const std::string other = files.are_on_host ? "" : fmt::format(", or give --prefix {}", kLocal);
  return fmt::format(
      "the install command wrote to {} and not to $DESTDIR$PREFIX: {}; these files are {}; have it install below "
      "$DESTDIR$PREFIX{}{}",
      kLocal, names, where, other, advice);
}

bool is_whiteout(const fs::path& path) {
  struct stat status{};
  return lstat(path.c_str(), &status) == 0 && S_ISCHR(status.st_mode) && status.st_rdev == makedev(0, 0);
}

bool is_real_directory(const fs::path& path) {
  std::error_code ignored;
  return fs::is_directory(fs::symlink_status(path, ignored));
}

}  // namespace xaas
