// Owned file descriptors, whole-file reads and writes, and temporary files that must be committed to survive.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "format/base/error.h"

namespace xaas {

// Owns one descriptor and closes it. Move-only.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept;
  ~Fd();

  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_ = -1;
};

// Opens the file with O_CLOEXEC. The error names the path.
Result<Fd> open_for_reading(const std::filesystem::path& path);
// The size of a regular file or a block device, in bytes. Moves the file position of a block device.
Result<std::uint64_t> file_size(int fd);

// Reads the whole file. Code::invalid when it is larger than `limit` bytes.
Result<std::string> read_file(const std::filesystem::path& path, std::uint64_t limit = 1ULL << 32);
// Reads from the file position to the end; works on a pipe too. Code::invalid for more than `limit` bytes.
Result<std::string> read_fd(int fd, std::uint64_t limit = 1ULL << 32);
// Calls `use` with the first `size` bytes of a file, piece by piece. The file position does not move. Code::invalid
// when the file is shorter.
Status read_pieces(int fd, std::uint64_t size, const std::function<Status(std::string_view)>& use);
// Fills `into` from `offset` of a file, or as much of it as the file has. Returns the number of bytes. The file
// position does not move.
Result<std::size_t> read_at(int fd, std::uint64_t offset, std::span<std::byte> into);
// The same, with Code::invalid when the file ends before `into` is full.
Status read_range(int fd, std::uint64_t offset, std::span<std::byte> into);
// Writes all of `data` at the file position. Retries short writes and EINTR.
Status write_all(int fd, std::string_view data);
// Writes `size` bytes of `from`, beginning at `offset`, to `to` at its file position. Code::invalid when `from` is
// shorter.
Status copy_bytes(int from, std::uint64_t offset, std::uint64_t size, int to);
// Lets everybody who may read the file execute it.
Status make_executable_for_readers(int fd);
// Writes like write_all(), but leaves a hole for `data` that is all zeros. Whoever ends a file with a hole sets its
// size.
Status write_or_skip(int fd, std::string_view data);
// Creates a file that only this user can read. An existing file is never touched. After an error, a part of the new
// file may be there.
Status create_private_file(const std::filesystem::path& path, std::string_view data);
// Creates a directory that only this user can use.
Status create_private_directory(const std::filesystem::path& path);
// Writes a file atomically: temporary file in the same directory, fsync, rename.
Status write_file(const std::filesystem::path& path, std::string_view data);

// Makes the names in a directory durable. A file system that cannot sync a directory has nothing to sync, and a
// directory that this user cannot read is no failure.
Status sync_directory(const std::filesystem::path& directory);

// A file under a temporary name in `directory`, open for reading and writing, with mode 0666 less the umask. Destroying
// it without commit() leaves nothing behind. After commit() the descriptor stays open.
class TempFile {
 public:
  static Result<TempFile> create(const std::filesystem::path& directory);
  TempFile(TempFile&& other) noexcept = default;
  TempFile& operator=(TempFile&& other) noexcept;
  ~TempFile();

  int fd() const { return fd_.get(); }
  const std::filesystem::path& path() const { return path_; }
  // Calls fsync, renames the file over `target` (on the same file system), and calls fsync on the directory.
  Status commit(const std::filesystem::path& target);

 private:
  TempFile(Fd fd, std::filesystem::path path) : fd_(std::move(fd)), path_(std::move(path)) {}
  Fd fd_;
  std::filesystem::path path_;
};

// The paths of what is in a directory, in no order. Code::io if it cannot be listed.
Result<std::vector<std::filesystem::path>> directory_entries(const std::filesystem::path& directory);

// A hidden file name that nobody else uses.
std::string random_name();
// Whether `path` still names the open file, without following a symlink. Another process may have removed the file.
bool is_same_file(int fd, const std::filesystem::path& path);
// Removes a file, or a directory with all its contents, whatever their modes and however deep they are. An entry that
// cannot be removed stays, without an error.
void remove_tree(const std::filesystem::path& path);

// A directory under a temporary name in `parent`, removed with all its contents on destruction.
class TempDirectory {
 public:
  static Result<TempDirectory> create(const std::filesystem::path& parent);
  TempDirectory(TempDirectory&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  TempDirectory& operator=(TempDirectory&& other) noexcept;
  ~TempDirectory();

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path release() { return std::exchange(path_, {}); }  // the directory stays

 private:
  explicit TempDirectory(std::filesystem::path path) : path_(std::move(path)) {}
  std::filesystem::path path_;
};

}  // namespace xaas
