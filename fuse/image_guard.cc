// See image_guard.h.
#include "fuse/image_guard.h"

#include <unistd.h>

#include <ctime>
#include <utility>

namespace xaas {
namespace {

constexpr std::size_t kSuperBlockSize = 96;  // counts, sizes, positions of all tables, and the time of writing

bool same_time(const timespec& a, const timespec& b) { return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec; }

std::int64_t now_second() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  return now.tv_sec;
}

}  // namespace

ImageGuard::ImageGuard(int fd, std::uint64_t offset, std::string path)
    : fd_(fd), offset_(offset), path_(std::move(path)), checked_second_(now_second()), beginning_(read_beginning()) {
  if (::fstat(fd_, &first_) != 0) changed_ = true;
}

Status ImageGuard::check() {
  if (!changed_) {
    const std::int64_t now = now_second();
    std::int64_t checked = checked_second_;
    if (checked == now || !checked_second_.compare_exchange_strong(checked, now)) return {};
    if (is_unchanged()) return {};
    changed_ = true;
  }
  return fail(Code::io, "{}: the image was changed while mounted: unmount and mount it again", path_);
}

bool ImageGuard::is_unchanged() {
  struct stat now{};
  if (::fstat(fd_, &now) != 0) return false;
  const std::lock_guard lock(first_mutex_);
  if (now.st_size != first_.st_size || !same_time(now.st_mtim, first_.st_mtim)) return false;
  if (same_time(now.st_ctim, first_.st_ctim)) return true;
  // A new name, owner or mode changes ctime but no byte. Setting mtime back after writing another image also changes
  // only ctime.
  if (read_beginning() != beginning_) return false;
  first_ = now;
  return true;
}

std::string ImageGuard::read_beginning() const {
  std::string bytes(kSuperBlockSize, '\0');
  const ssize_t count = ::pread(fd_, bytes.data(), bytes.size(), static_cast<off_t>(offset_));
  bytes.resize(count < 0 ? 0 : static_cast<std::size_t>(count));
  return bytes;
}

}  // namespace xaas
