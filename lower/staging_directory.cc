// See staging_directory.h. The lock is a file in the directory, because a network file system locks no directories.
#include "lower/staging_directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <vector>

namespace xaas {
namespace fs = std::filesystem;
namespace {

constexpr const char* kLockName = "lock";
constexpr const char* kReplacedName = "replaced";  // what was at the place, where the two cannot be exchanged

bool has_entry(const fs::path& path) {
  struct stat status{};
  return lstat(path.c_str(), &status) == 0;
}

// Somebody who can write the directory could put something else there.
Status check_own_staging(const fs::path& path) {
  struct stat status{};
  if (lstat(path.c_str(), &status) != 0) return fail_errno(path.string());
  const bool is_own =
      S_ISDIR(status.st_mode) && status.st_uid == geteuid() && (status.st_mode & (S_IWGRP | S_IWOTH)) == 0;
  if (is_own) return {};
  return fail(Code::permission, "{} is in the way, and is not a directory that only this user can write: remove it",
              path.string());
}

// Where a file system has no locks, nothing tells whether another process is at work.
Status lock_staging(int fd, const fs::path& place) {
  while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (errno == EINTR) continue;
    if (errno != EWOULDBLOCK) return {};
    return fail(Code::failed, "{}: another xaas-lower is writing here: wait until it has ended", place.string());
  }
  return {};
}

// The errors of a file system or kernel that does not know the flags of renameat2().
bool lacks_flags(int error) { return error == EINVAL || error == ENOSYS || error == ENOTSUP; }

}  // namespace

fs::path StagingDirectory::path_of(const fs::path& place) {
  return place.parent_path() / fmt::format(".{}.xaas-new", place.filename().string());
}

bool StagingDirectory::is_there(const fs::path& place) { return has_entry(path_of(place)); }

Result<StagingDirectory> StagingDirectory::create(const fs::path& place) {
  fs::path path = path_of(place);
  for (;;) {
    if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
      return fail_errno(fmt::format("cannot create {}", path.string()));
    }
    if (const Status own = check_own_staging(path); !own) {
      if (own.error().code == Code::not_found) continue;  // its process has ended just now
      return tl::unexpected(own.error());
    }
    const fs::path lock_path = path / kLockName;
    Fd lock(open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!lock.valid() && errno == ENOENT) continue;
    if (!lock.valid()) return fail_errno(fmt::format("cannot create {}", lock_path.string()));
    XAAS_TRY(lock_staging(lock.get(), place));
    if (!is_same_file(lock.get(), lock_path)) continue;
    StagingDirectory made(std::move(path), place, std::move(lock));
    made.recover();
    made.empty();
    return made;
  }
}

// The lock goes last. Whoever finds the directory without it begins anew.
StagingDirectory::~StagingDirectory() {
  if (!lock_.valid()) return;
  empty();
  unlink((path_ / kLockName).c_str());
  rmdir(path_.c_str());
}

void StagingDirectory::recover() const {
  if (!has_entry(place_)) rename((path_ / kReplacedName).c_str(), place_.c_str());
}

void StagingDirectory::empty() const {
  std::vector<fs::path> entries;
  std::error_code error;
  for (fs::directory_iterator entry(path_, error), end; !error && entry != end; entry.increment(error)) {
    if (entry->path().filename() != kLockName) entries.push_back(entry->path());
  }
  for (const fs::path& entry : entries) remove_tree(entry);
}

Status StagingDirectory::publish(const std::string& name) const {
  const fs::path made = path(name);
  struct stat status{};
  if (lstat(made.c_str(), &status) != 0) return fail_errno(made.string());
  if (S_ISDIR(status.st_mode)) {
    XAAS_TRY(publish_directory(made));
  } else if (rename(made.c_str(), place_.c_str()) != 0) {
    return fail_errno(fmt::format("cannot create {}", place_.string()));
  }
  return sync_directory(place_.parent_path());
}

Status StagingDirectory::publish_directory(const fs::path& made) const {
  const auto failed = [&] { return fail_errno(fmt::format("cannot put the new tree at {}", place_.string())); };
  if (!has_entry(place_)) return rename(made.c_str(), place_.c_str()) == 0 ? Status() : failed();
  if (renameat2(AT_FDCWD, made.c_str(), AT_FDCWD, place_.c_str(), RENAME_EXCHANGE) == 0) return {};
  if (!lacks_flags(errno)) return failed();
  // Between these two, there is nothing at the place. recover() undoes the first.
  const fs::path replaced = path_ / kReplacedName;
  if (rename(place_.c_str(), replaced.c_str()) != 0) return failed();
  if (rename(made.c_str(), place_.c_str()) == 0) return {};
  auto error = failed();
  recover();
  return error;
}

}  // namespace xaas
