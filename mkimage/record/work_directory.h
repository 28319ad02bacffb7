// Where an image is made: a private copy of the source, the build, what it installs, and what its compilers captured.
// Gone when the object is, also when the process is interrupted, unless it is to be kept: then the next run finds in it
// what this one compiled, or takes up where this one failed.
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

  // Makes `root`, which must not exist yet or be what an earlier run kept: begin_anew() or take_up() comes next.
  // Code::failed when another process has it.
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
  std::filesystem::path cache() const { return root_ / "cache"; }    // of the captures of earlier runs
  std::filesystem::path tools() const { return root_ / "tools"; }    // our compilers, first in PATH
  std::filesystem::path ir() const { return root_ / "ir"; }          // canonical bitcode
  std::filesystem::path parts() const { return root_ / "parts"; }    // other files of the image that are made here
  std::filesystem::path temporary() const { return root_ / "tmp"; }  // what the build takes for /tmp
  std::filesystem::path state() const { return root_ / "build-state.json"; }  // of a build that failed
  std::filesystem::path overlay() const { return root_ / "overlay"; }         // of the prefix, while installing
  std::filesystem::path log(std::string_view stage) const;

  // Removes what an earlier run kept, except cache(), and makes the directories.
  Status begin_anew() const;
  // The same, but leaves the copy of the source, the build and what was captured.
  Status take_up() const;
  // For another build from the beginning: removes what one leaves, except what was captured.
  Status clear_build() const;
  // From now on it is to be kept, except when the process is interrupted.
  void keep() { keep_ = Keep::yes; }
  // Moves what was installed out of the way of the next configuration's. Returns where it is then.
  Result<std::filesystem::path> keep_installed(const std::string& configuration) const;

 private:
  WorkDirectory(std::filesystem::path root, Keep keep, Fd lock)
      : root_(std::move(root)), keep_(keep), lock_(std::move(lock)) {}
  std::filesystem::path root_;
  Keep keep_ = Keep::no;
  Fd lock_;  // of the marker
};

// Copies a tree: contents, permissions, times, symlinks as they are; what is neither file, directory nor symlink is
// left out. `without` are absolute paths in `from` that are not copied.
Status copy_tree(const std::filesystem::path& from, const std::filesystem::path& to,
                 const std::vector<std::filesystem::path>& without);

}  // namespace xaas
