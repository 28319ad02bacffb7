// The directory in which an image is made. It holds a private copy of the source, the build, what the build installs,
// and what its compilers captured. It is removed with the object, and also if the process is interrupted. If it is to
// be kept, it stays: the next run reuses what this one compiled, or takes up where this one failed.
#pragma once

#include <filesystem>
#include <vector>

#include "format/base/error.h"
#include "format/base/file.h"

namespace xaas {

// Move-only.
class WorkDirectory {
 public:
  enum class Keep { no, yes };

  // Makes `root`, which must not exist yet, be empty, or be kept from an earlier run. Call begin_anew() or take_up()
  // next. Code::failed if another process uses it.
  static Result<WorkDirectory> create(const std::filesystem::path& root, Keep keep);
  WorkDirectory(WorkDirectory&& other) noexcept;
  WorkDirectory& operator=(WorkDirectory&&) = delete;
  ~WorkDirectory();

  bool is_kept() const { return keep_ == Keep::yes; }
  const std::filesystem::path& root() const { return root_; }  // absolute, without symlinks
  std::filesystem::path source() const { return root_ / "src"; }
  std::filesystem::path build() const { return root_ / "build"; }
  std::filesystem::path installed() const { return root_ / "dest"; }
  std::filesystem::path capture() const { return root_ / "capture"; }
  std::filesystem::path cache() const { return root_ / "cache"; }      // root of the CaptureCache
  std::filesystem::path lowered() const { return root_ / "lowered"; }  // the worker's cache, for ready files
  std::filesystem::path tools() const { return root_ / "tools"; }      // links to xaas-cc, first in PATH
  std::filesystem::path ir() const { return root_ / "ir"; }            // canonical bitcode
  std::filesystem::path parts() const { return root_ / "parts"; }      // other files of the image that are made here
  std::filesystem::path temporary() const { return root_ / "tmp"; }    // the build's TMPDIR
  std::filesystem::path state() const { return root_ / "build-state.json"; }  // BuildState of a build that failed
  std::filesystem::path overlay() const { return root_ / "overlay"; }  // scratch directory of the InstallNamespace
  std::filesystem::path log(std::string_view stage) const;

  // Removes what an earlier run kept, except cache() and lowered(), and makes the directories.
  Status begin_anew() const;
  // Like begin_anew(), but keeps the copy of the source, the build, and what was captured.
  Status take_up() const;
  // Prepares for another build from the beginning: removes everything that a build leaves, except what was captured.
  Status clear_build() const;
  // From now on the directory is to be kept, unless the process is interrupted.
  void keep() { keep_ = Keep::yes; }
  // Moves the installed tree out of the way of the next configuration. Returns its new place.
  Result<std::filesystem::path> keep_installed(const std::string& configuration) const;

 private:
  WorkDirectory(std::filesystem::path root, Keep keep, Fd lock)
      : root_(std::move(root)), keep_(keep), lock_(std::move(lock)) {}
  std::filesystem::path root_;
  Keep keep_ = Keep::no;
  Fd lock_;  // lock on the marker
};

// Copies a tree: contents, permissions, times, and symlinks as they are. Anything that is not a file, directory or
// symlink is left out. `without` are absolute paths in `from` that are not copied.
Status copy_tree(const std::filesystem::path& from, const std::filesystem::path& to,
                 const std::vector<std::filesystem::path>& without);

}  // namespace xaas
