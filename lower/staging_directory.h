// A directory beside a place, in which something new for that place is made. The new thing is put there with one
// rename. So a crash leaves at the place the old thing or the new one. Implements spec/install.md, "Atomicity".
#pragma once

#include <filesystem>
#include <string>

#include "format/base/error.h"
#include "format/base/file.h"

namespace xaas {

// Move-only. Not thread-safe.
class StagingDirectory {
 public:
  // ".NAME.xaas-new" beside the place NAME. One process at a time has it. REQUIRES: the place has a name.
  static std::filesystem::path path_of(const std::filesystem::path& place);
  // Whether there is one, of a process that runs or was killed.
  static bool is_there(const std::filesystem::path& place);
  // Makes the directory, or takes over what a killed process has left and empties it. If that process was killed while
  // it replaced what was at the place, the old thing is put back first. Code::failed if another process has it.
  static Result<StagingDirectory> create(const std::filesystem::path& place);
  StagingDirectory(StagingDirectory&& other) noexcept = default;
  StagingDirectory& operator=(StagingDirectory&&) = delete;
  StagingDirectory(const StagingDirectory&) = delete;
  StagingDirectory& operator=(const StagingDirectory&) = delete;
  ~StagingDirectory();  // removes it with everything in it

  // A path in it for something new.
  std::filesystem::path path(const std::string& name) const { return path_ / name; }
  // Puts the new file or directory `name`, which is on disk by now, at the place. What was there goes into this
  // directory. A directory takes the place of a directory, and a file that of a file.
  Status publish(const std::string& name) const;

 private:
  StagingDirectory(std::filesystem::path path, std::filesystem::path place, Fd lock)
      : path_(std::move(path)), place_(std::move(place)), lock_(std::move(lock)) {}
  void empty() const;
  void recover() const;
  Status publish_directory(const std::filesystem::path& made) const;

  std::filesystem::path path_;
  std::filesystem::path place_;
  Fd lock_;
};

}  // namespace xaas
