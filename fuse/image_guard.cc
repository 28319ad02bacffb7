// See image_guard.h.
#include "fuse/image_guard.h"

#include <ctime>
#include <utility>

namespace xaas {
namespace {

bool same_time(const timespec& a, const timespec& b) { return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec; }

std::int64_t now_second() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  return now.tv_sec;
}

}  // namespace

ImageGuard::ImageGuard(int fd, std::string path, std::function<void(const std::string&)> warning)
    : fd_(fd), path_(std::move(path)), warning_(std::move(warning)), checked_second_(now_second()) {
  if (::fstat(fd_, &first_) != 0) changed_ = true;
}

Status ImageGuard::check() {
  if (!changed_) {
    const std::int64_t now = now_second();
    std::int64_t checked = checked_second_;
    if (checked == now || !checked_second_.compare_exchange_strong(checked, now)) return {};
    struct stat current{};
    if (::fstat(fd_, &current) == 0 && same_file(current)) return {};
    if (!changed_.exchange(true)) warning_(path_ + ": the image was changed while mounted; unmount and mount it again");
  }
  return fail(Code::io, "{}: the image was changed while mounted", path_);
}

bool ImageGuard::same_file(const struct stat& now) {
  const std::lock_guard lock(first_mutex_);
  if (now.st_size != first_.st_size || !same_time(now.st_mtim, first_.st_mtim)) return false;
  if (same_time(now.st_ctim, first_.st_ctim)) return true;
  // Another name or one name less, as when a new image is renamed over this one, changes ctime but no byte.
  if (now.st_nlink == first_.st_nlink) return false;
  first_ = now;
  return true;
}

}  // namespace xaas
