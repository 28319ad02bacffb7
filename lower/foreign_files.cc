// See foreign_files.h.
#include "lower/foreign_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>
#include <vector>

namespace xaas {
namespace fs = std::filesystem;
namespace {

tl::unexpected<Error> cannot_keep(const fs::path& file, const std::string& why) {
  return fail(Code::io, "cannot keep {}, which was not installed: {}: move it away", file.string(), why);
}

// Directories that were made for others, with the permissions that they get once they are filled.
using MadeDirectories = std::vector<std::pair<fs::path, fs::perms>>;

Status keep_foreign(const fs::directory_entry& old, const fs::path& target, MadeDirectories& made) {
  std::error_code error;
  if (fs::exists(fs::symlink_status(target, error))) return {};
  // A directory that is no longer ours has to come back for what others have in it.
  fs::create_directories(target.parent_path(), error);
  if (error) return cannot_keep(old.path(), error.message());
  const fs::file_status status = old.symlink_status(error);
  if (error) return cannot_keep(old.path(), error.message());
  if (fs::is_directory(status)) {
    if (mkdir(target.c_str(), 0700) != 0) return cannot_keep(old.path(), std::generic_category().message(errno));
    made.emplace_back(target, status.permissions());
    return {};
  }
  if (linkat(AT_FDCWD, old.path().c_str(), AT_FDCWD, target.c_str(), 0) == 0) return {};
  return cannot_keep(old.path(), std::generic_category().message(errno));
}

}  // namespace

Status keep_foreign_files(const fs::path& old_tree, const fs::path& new_tree,
                          const std::function<bool(const std::string& path)>& is_ours) {
  MadeDirectories made;
  std::error_code error;
  fs::recursive_directory_iterator entry(old_tree, error);
  for (const fs::recursive_directory_iterator end; !error && entry != end; entry.increment(error)) {
    const std::string path = entry->path().lexically_relative(old_tree).string();
    if (!is_ours(path)) XAAS_TRY(keep_foreign(*entry, new_tree / path, made));
  }
  if (error) return fail(Code::io, "cannot read {}: {}", old_tree.string(), error.message());
  for (auto directory = made.rbegin(); directory != made.rend(); ++directory) {
    fs::permissions(directory->first, directory->second, error);
    if (error)
      return fail(Code::io, "cannot change the permissions of {}: {}", directory->first.string(), error.message());
  }
  return {};
}

}  // namespace xaas
