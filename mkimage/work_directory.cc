// Making, filling and removing the work directory; see work_directory.h.
#include "mkimage/work_directory.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <fstream>

#include "mkimage/interrupts.h"

namespace xaas {
namespace {

namespace fs = std::filesystem;

// Tells a work directory from a directory of somebody's that happens to have its name.
constexpr const char* kMarker = ".xaas-work";

Status copy_times(const fs::path& to, const struct stat& status) {
  const timespec times[] = {status.st_atim, status.st_mtim};
  if (utimensat(AT_FDCWD, to.c_str(), times, AT_SYMLINK_NOFOLLOW) == 0) return {};
  return fail_errno(fmt::format("cannot set the times of {}", to.string()));
}

Status copy_entry(const fs::path& from, const fs::path& to, const std::vector<fs::path>& without) {
  struct stat status{};
  if (lstat(from.c_str(), &status) != 0) return fail_errno(fmt::format("cannot read {}", from.string()));
  std::error_code error;
  if (S_ISDIR(status.st_mode)) {
    XAAS_TRY(copy_tree(from, to, without));
  } else if (S_ISLNK(status.st_mode)) {
    fs::copy_symlink(from, to, error);
  } else if (S_ISREG(status.st_mode)) {
    fs::copy_file(from, to, error);
  } else {
    return {};
  }
  if (error) return fail(Code::io, "cannot copy {}: {}", from.string(), error.message());
  return copy_times(to, status);
}

}  // namespace

Result<WorkDirectory> WorkDirectory::create(const fs::path& root, Keep keep) {
  std::error_code error;
  if (fs::exists(root, error) && !fs::exists(root / kMarker, error) && !fs::is_empty(root, error)) {
    return fail(Code::invalid, "{} exists and is no work directory; remove it, or name another with --work",
                root.string());
  }
  remove_tree(root);
  fs::create_directories(root, error);
  if (error) return fail(Code::io, "cannot make the work directory {}: {}", root.string(), error.message());
  const fs::path canonical = fs::canonical(root, error);
  if (error) return fail(Code::io, "cannot find {}: {}", root.string(), error.message());
  if (keep == Keep::no) remove_on_interrupt(canonical);
  WorkDirectory directory(canonical, keep);
  for (const fs::path& part : {directory.build(), directory.installed(), directory.capture(), directory.tools(),
                               directory.ir(), directory.parts()}) {
    fs::create_directory(part, error);
    if (error) return fail(Code::io, "cannot make {}: {}", part.string(), error.message());
  }
  if (!std::ofstream(canonical / kMarker)) return fail(Code::io, "cannot write in {}", canonical.string());
  return directory;
}

WorkDirectory::WorkDirectory(WorkDirectory&& other) noexcept
    : root_(std::exchange(other.root_, {})), keep_(other.keep_) {}

WorkDirectory::~WorkDirectory() {
  if (root_.empty() || keep_ == Keep::yes) return;
  remove_tree(root_);
  keep_on_interrupt(root_);
}

fs::path WorkDirectory::log(std::string_view stage) const { return root_ / fmt::format("{}.log", stage); }

void remove_tree(const fs::path& root) {
  std::error_code error;
  fs::remove_all(root, error);
  if (!error) return;
  std::error_code ignored;  // what is left then, nobody can remove
  for (fs::recursive_directory_iterator entry(root, ignored); !ignored && entry != fs::recursive_directory_iterator();
       entry.increment(ignored)) {
    if (entry->is_directory(error) && !entry->is_symlink(error)) {
      fs::permissions(entry->path(), fs::perms::owner_all, fs::perm_options::add, error);
    }
  }
  fs::remove_all(root, ignored);
}

Status copy_tree(const fs::path& from, const fs::path& to, const std::vector<fs::path>& without) {
  std::error_code error;
  fs::create_directories(to, error);
  fs::directory_iterator entry(from, error);
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    if (std::ranges::find(without, entry->path()) != without.end()) continue;
    XAAS_TRY(copy_entry(entry->path(), to / entry->path().filename(), without));
  }
  // Last: a directory that may not be written to could not be filled.
  if (!error) fs::permissions(to, fs::status(from).permissions() | fs::perms::owner_write, error);
  if (error) return fail(Code::io, "cannot copy {}: {}", from.string(), error.message());
  return {};
}

}  // namespace xaas
