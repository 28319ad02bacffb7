// Descriptors, whole files, temporary files; see file.h.
#include "format/file.h"

#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <system_error>

namespace xaas {
namespace {

constexpr std::size_t kReadSize = std::size_t{64} << 10;
constexpr int kNameAttempts = 100;

std::filesystem::path directory_of(const std::filesystem::path& path) {
  return path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
}

std::string random_name() {
  std::uint64_t number = 0;
  if (getrandom(&number, sizeof number, 0) != sizeof number) number = static_cast<std::uint64_t>(getpid());
  return fmt::format(".xaas-{:016x}.tmp", number);
}

// A rename is durable once its directory is; file systems that cannot sync a directory have nothing to sync.
Status sync_directory(const std::filesystem::path& directory) {
  const Fd fd(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid()) return fail_errno(fmt::format("cannot open {}", directory.string()));
  if (fsync(fd.get()) != 0 && errno != EINVAL && errno != ENOTSUP) {
    return fail_errno(fmt::format("cannot write {} to disk", directory.string()));
  }
  return {};
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

Status write_all(int fd, std::string_view data) {
  while (!data.empty()) {
    const ssize_t put = write(fd, data.data(), data.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return fail_errno("cannot write");
    data.remove_prefix(static_cast<std::size_t>(put));
  }
  return {};
}

Status write_file(const std::filesystem::path& path, std::string_view data) {
  XAAS_ASSIGN(TempFile file, TempFile::create(directory_of(path)));
  if (auto status = write_all(file.fd(), data); !status) {
    return fail(status.error().code, "{}: {}", path.string(), status.error().message);
  }
  return file.commit(path);
}

Result<TempFile> TempFile::create(const std::filesystem::path& directory) {
  // Not mkstemp: its 0600 would survive the rename, and the umask cannot be asked for without changing it.
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
  std::error_code ignored;  // there is nobody left to tell
  if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

}  // namespace xaas
