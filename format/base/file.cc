// Descriptors, whole files, temporary files; see file.h.
#include "format/base/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <memory>
#include <system_error>

namespace xaas {
namespace {

constexpr std::size_t kPieceSize = 128U << 10;  // small enough to stay in the CPU's cache
constexpr std::size_t kReadSize = std::size_t{64} << 10;
constexpr int kNameAttempts = 100;

std::filesystem::path directory_of(const std::filesystem::path& path) {
  return path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
}

struct CloseDirectory {
  void operator()(DIR* directory) const { closedir(directory); }
};

std::vector<std::string> names_in(int directory) {
  std::vector<std::string> names;
  const int copy = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);  // a copy has a file position of its own
  const std::unique_ptr<DIR, CloseDirectory> stream(copy < 0 ? nullptr : fdopendir(copy));
  if (!stream) return names;
  while (const dirent* entry = readdir(stream.get())) {  // NOLINT(concurrency-mt-unsafe): a stream of our own
    const std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(name);
  }
  return names;
}

// Removes what is in `top`. Moves directories that are inside directories up into `top` first, so that depth costs no
// descriptors. Returns whether it moved any.
bool remove_level(int top) {
  bool has_more = false;
  for (const std::string& name : names_in(top)) {
    if (unlinkat(top, name.c_str(), 0) == 0) continue;
    fchmodat(top, name.c_str(), 0700, AT_SYMLINK_NOFOLLOW);
    const Fd directory(openat(top, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!directory.valid()) continue;
    for (const std::string& inner : names_in(directory.get())) {
      if (unlinkat(directory.get(), inner.c_str(), 0) == 0) continue;
      fchmodat(directory.get(), inner.c_str(), 0700, AT_SYMLINK_NOFOLLOW);  // without write permission it cannot move
      has_more |= renameat(directory.get(), inner.c_str(), top, random_name().c_str()) == 0;
    }
    unlinkat(top, name.c_str(), AT_REMOVEDIR);
  }
  return has_more;
}

}  // namespace

Fd& Fd::operator=(Fd&& other) noexcept {
  if (this != &other) {
    if (valid()) close(fd_);
    fd_ = std::exchange(other.fd_, -1);
  }
  return *this;
}

Fd::~Fd() {
  if (valid()) close(fd_);
}

Result<Fd> open_for_reading(const std::filesystem::path& path) {
  Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) return fail_errno(fmt::format("cannot open {}", path.string()));
  return fd;
}

Result<std::uint64_t> file_size(int fd) {
  struct stat status{};
  if (fstat(fd, &status) != 0) return fail_errno("cannot read the size of a file");
  if (!S_ISBLK(status.st_mode)) return static_cast<std::uint64_t>(status.st_size);
  const off_t end = lseek(fd, 0, SEEK_END);
  if (end < 0) return fail_errno("cannot read the size of a block device");
  return static_cast<std::uint64_t>(end);
}

Result<std::string> read_fd(int fd, std::uint64_t limit) {
  std::string data;
  struct stat status{};
  if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode)) {
    data.resize(static_cast<std::size_t>(std::min<std::uint64_t>(static_cast<std::uint64_t>(status.st_size), limit)) +
                1);
  }
  for (std::size_t used = 0;;) {
    if (used == data.size()) data.resize(used + std::max(used, kReadSize));
    const ssize_t got = read(fd, data.data() + used, data.size() - used);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno("cannot read");
    used += static_cast<std::size_t>(got);
    if (used > limit) return fail(Code::invalid, "larger than the limit of {} bytes", limit);
    if (got == 0) {
      data.resize(used);
      return data;
    }
  }
}

Result<std::string> read_file(const std::filesystem::path& path, std::uint64_t limit) {
  XAAS_ASSIGN(const Fd fd, open_for_reading(path));
  auto data = read_fd(fd.get(), limit);
  if (!data) return fail(data.error().code, "{}: {}", path.string(), data.error().message);
  return data;
}

Status read_pieces(int fd, std::uint64_t size, const std::function<Status(std::string_view)>& use) {
  std::string buffer(static_cast<std::size_t>(std::min<std::uint64_t>(kPieceSize, size)), '\0');
  for (std::uint64_t done = 0; done < size;) {
    buffer.resize(static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), size - done)));
    XAAS_TRY(read_range(fd, done, std::as_writable_bytes(std::span(buffer))));
    XAAS_TRY(use(buffer));
    done += buffer.size();
  }
  return {};
}

Status write_all(int fd, std::string_view data) {
  while (!data.empty()) {
    const ssize_t put = write(fd, data.data(), data.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return fail_errno("cannot write");
    data.remove_prefix(static_cast<std::size_t>(put));
  }
  return {};
}

Result<std::size_t> read_at(int fd, std::uint64_t offset, std::span<std::byte> into) {
  std::size_t done = 0;
  while (done < into.size()) {
    const ssize_t got = pread(fd, into.data() + done, into.size() - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno("cannot read a file");
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  return done;
}

Status read_range(int fd, std::uint64_t offset, std::span<std::byte> into) {
  XAAS_ASSIGN(const std::size_t got, read_at(fd, offset, into));
  if (got < into.size()) return fail(Code::invalid, "a file is shorter than it was");
  return {};
}

Status write_or_skip(int fd, std::string_view data) {
  if (data.find_first_not_of('\0') != std::string_view::npos) return write_all(fd, data);
  if (lseek(fd, static_cast<off_t>(data.size()), SEEK_CUR) < 0) return fail_errno("cannot write");
  return {};
}

Status create_private_directory(const std::filesystem::path& path) {
  if (mkdir(path.c_str(), 0700) != 0) return fail_errno(fmt::format("cannot create {}", path.string()));
  return {};
}

Status write_file(const std::filesystem::path& path, std::string_view data) {
  XAAS_ASSIGN(TempFile file, TempFile::create(directory_of(path)));
  if (auto status = write_all(file.fd(), data); !status) {
    return fail(status.error().code, "{}: {}", path.string(), status.error().message);
  }
  return file.commit(path);
}

Status copy_bytes(int from, std::uint64_t offset, std::uint64_t size, int to) {
  std::string piece;
  for (const std::uint64_t end = offset + size; offset < end; offset += piece.size()) {
    piece.resize(static_cast<std::size_t>(std::min<std::uint64_t>(end - offset, kPieceSize)));
    XAAS_TRY(read_range(from, offset, std::as_writable_bytes(std::span(piece))));
    XAAS_TRY(write_all(to, piece));
  }
  return {};
}

Status make_executable_for_readers(int fd) {
  struct stat status{};
  if (fstat(fd, &status) != 0) return fail_errno("cannot make a file executable");
  constexpr mode_t kRead = 0444;
  if (fchmod(fd, (status.st_mode & 07777) | (status.st_mode & kRead) >> 2) == 0) return {};
  return fail_errno("cannot make a file executable");
}

Status create_private_file(const std::filesystem::path& path, std::string_view data) {
  const Fd fd(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd.valid()) return fail_errno(fmt::format("cannot create {}", path.string()));
  if (auto status = write_all(fd.get(), data); !status) {
    return fail(status.error().code, "{}: {}", path.string(), status.error().message);
  }
  return {};
}

// A rename is durable once its directory is synced.
Status sync_directory(const std::filesystem::path& directory) {
  const Fd fd(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid() && errno == EACCES) return {};
  if (!fd.valid()) return fail_errno(fmt::format("cannot open {}", directory.string()));
  if (fsync(fd.get()) != 0 && errno != EINVAL && errno != ENOTSUP) {
    return fail_errno(fmt::format("cannot write {} to disk", directory.string()));
  }
  return {};
}

Result<TempFile> TempFile::create(const std::filesystem::path& directory) {
  // This does not use mkstemp: its mode 0600 would survive the rename, and the umask cannot be asked for without
  // changing it.
  for (int attempt = 0; attempt < kNameAttempts; ++attempt) {
    const std::filesystem::path path = directory / random_name();
    Fd fd(open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
    if (fd.valid()) return TempFile(std::move(fd), path);
    if (errno != EEXIST) break;
  }
  return fail_errno(fmt::format("cannot create a file in {}", directory.string()));
}

TempFile& TempFile::operator=(TempFile&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(path_, other.path_);
  return *this;
}

TempFile::~TempFile() {
  if (fd_.valid() && !path_.empty()) unlink(path_.c_str());
}

Status TempFile::commit(const std::filesystem::path& target) {
  if (fsync(fd_.get()) != 0) return fail_errno(fmt::format("cannot write {} to disk", target.string()));
  if (rename(path_.c_str(), target.c_str()) != 0) return fail_errno(fmt::format("cannot create {}", target.string()));
  path_.clear();
  return sync_directory(directory_of(target));
}

std::string random_name() {
  std::uint64_t number = 0;
  if (getrandom(&number, sizeof number, 0) != sizeof number) number = static_cast<std::uint64_t>(getpid());
  return fmt::format(".xaas-{:016x}.tmp", number);
}

bool is_same_file(int fd, const std::filesystem::path& path) {
  struct stat opened{};
  struct stat named{};
  return fstat(fd, &opened) == 0 && lstat(path.c_str(), &named) == 0 && opened.st_ino == named.st_ino &&
         opened.st_dev == named.st_dev;
}

Result<std::vector<std::filesystem::path>> directory_entries(const std::filesystem::path& directory) {
  std::vector<std::filesystem::path> entries;
  std::error_code error;
  std::filesystem::directory_iterator entry(directory, error);
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error))
    entries.push_back(entry->path());
  if (error) return fail(Code::io, "cannot list {}: {}", directory.string(), error.message());
  return entries;
}

void remove_tree(const std::filesystem::path& path) {
  if (unlink(path.c_str()) == 0) return;
  fchmodat(AT_FDCWD, path.c_str(), 0700, AT_SYMLINK_NOFOLLOW);
  const Fd top(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  // Every round removes one level.
  while (top.valid() && remove_level(top.get())) {
  }
  rmdir(path.c_str());
}

Result<TempDirectory> TempDirectory::create(const std::filesystem::path& parent) {
  std::string name = (parent / ".xaas-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr)
    return fail_errno(fmt::format("cannot create a directory in {}", parent.string()));
  return TempDirectory(name);
}

TempDirectory& TempDirectory::operator=(TempDirectory&& other) noexcept {
  std::swap(path_, other.path_);
  return *this;
}

TempDirectory::~TempDirectory() {
  if (!path_.empty()) remove_tree(path_);
}

}  // namespace xaas
