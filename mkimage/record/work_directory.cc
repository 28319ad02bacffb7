// Makes, fills and removes the work directory; see work_directory.h.
#include "mkimage/record/work_directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "format/base/file.h"
#include "format/base/interrupts.h"

namespace xaas {
namespace {

namespace fs = std::filesystem;

// The file that tells a work directory from any other directory of the same name.
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

// Locks the marker of `root`, and makes it if it is missing. Without the lock, two processes in one directory would
// remove each other's build. On a file system without locks, nothing keeps them apart.
Result<Fd> lock_marker(const fs::path& root) {
  const fs::path marker = root / kMarker;
  while (true) {
    std::error_code error;
    fs::create_directories(root, error);
    if (error) return fail(Code::io, "cannot make the work directory {}: {}", root.string(), error.message());
    Fd fd(open(marker.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
    if (!fd.valid() && errno == ENOENT) continue;  // another process has just removed it
    if (!fd.valid()) return fail_errno(fmt::format("cannot write in {}", root.string()));
    if (flock(fd.get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
      return fail(Code::failed, "{} is in use by another mkxaas", root.string());
    }
    if (is_same_file(fd.get(), marker)) return fd;
  }
}

Status remove_contents(const fs::path& root, const std::vector<fs::path>& without) {
  std::vector<fs::path> old;
  std::error_code error;
  for (fs::directory_iterator entry(root, error); !error && entry != fs::directory_iterator(); entry.increment(error)) {
    const bool stays =
        entry->path().filename() == kMarker || std::ranges::find(without, entry->path()) != without.end();
    if (!stays) old.push_back(entry->path());
  }
  if (error) return fail(Code::io, "cannot list {}: {}", root.string(), error.message());
  for (const fs::path& path : old) {
    remove_tree(path);
  }
  return {};
}

Status make_directories(const std::vector<fs::path>& directories) {
  for (const fs::path& directory : directories) {
    std::error_code error;
    fs::create_directory(directory, error);
    if (error) return fail(Code::io, "cannot make {}: {}", directory.string(), error.message());
  }
  return {};
}

}  // namespace

Result<WorkDirectory> WorkDirectory::create(const fs::path& root, Keep keep) {
  std::error_code error;
  if (fs::exists(root, error) && !fs::exists(root / kMarker, error) && !fs::is_empty(root, error)) {
    return fail(Code::invalid, "{} exists and is no work directory; remove it, or name another with --work",
                root.string());
  }
  XAAS_ASSIGN(Fd lock, lock_marker(root));
  const fs::path canonical = fs::canonical(root, error);
  if (error) return fail(Code::io, "cannot find {}: {}", root.string(), error.message());
  if (keep == Keep::no) remove_on_interrupt(canonical);
  return WorkDirectory(canonical, keep, std::move(lock));
}

Status WorkDirectory::begin_anew() const {
  XAAS_TRY(remove_contents(root_, {cache(), lowered()}));
  XAAS_TRY(make_directories({ir(), parts(), capture()}));
  return clear_build();
}

Status WorkDirectory::take_up() const {
  const std::vector<fs::path> made_again = {ir(), parts(), installed(), tools(), overlay()};
  for (const fs::path& path : made_again) remove_tree(path);
  return make_directories({ir(), parts(), installed(), tools()});
}

Status WorkDirectory::clear_build() const {
  const std::vector<fs::path> parts = {build(), installed(), tools(), temporary()};
  remove_tree(source());  // copy_tree() makes it again
  for (const fs::path& part : parts) remove_tree(part);
  return make_directories(parts);
}

WorkDirectory::WorkDirectory(WorkDirectory&& other) noexcept
    : root_(std::exchange(other.root_, {})), keep_(other.keep_), lock_(std::move(other.lock_)) {}

WorkDirectory::~WorkDirectory() {
  if (root_.empty() || keep_ == Keep::yes) return;
  remove_tree(root_);
  keep_on_interrupt(root_);
}

Result<fs::path> WorkDirectory::keep_installed(const std::string& configuration) const {
  const fs::path trees = parts() / "trees";
  std::error_code error;
  fs::create_directories(trees, error);
  if (!error) fs::rename(installed(), trees / configuration, error);
  if (error) return fail(Code::io, "cannot keep {}: {}", installed().string(), error.message());
  return trees / configuration;
}

fs::path WorkDirectory::log(std::string_view stage) const { return root_ / fmt::format("{}.log", stage); }

Status copy_tree(const fs::path& from, const fs::path& to, const std::vector<fs::path>& without) {
  std::error_code error;
  fs::create_directories(to, error);
  fs::directory_iterator entry(from, error);
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    if (std::ranges::find(without, entry->path()) != without.end()) continue;
    XAAS_TRY(copy_entry(entry->path(), to / entry->path().filename(), without));
  }
  // Permissions are set last, because a directory without write permission could not be filled.
  if (!error) fs::permissions(to, fs::status(from).permissions() | fs::perms::owner_write, error);
  if (error) return fail(Code::io, "cannot copy {}: {}", from.string(), error.message());
  return {};
}

}  // namespace xaas
