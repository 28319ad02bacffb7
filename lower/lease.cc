// See lease.h.
#include "lower/lease.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "format/base/pause.h"

namespace xaas {
namespace fs = std::filesystem;
namespace {

constexpr std::uint64_t kSignLimit = 4096;
constexpr int kSignsInTime = 5;

// Types of file systems, from statfs(2).
constexpr auto kLocal = std::to_array<std::uint32_t>({
    0x0000ef53,  // ext2, ext3, ext4
    0x01021994,  // tmpfs
    0x2fc12fc1,  // zfs
    0x58465342,  // xfs
    0x794c7630,  // overlay
    0x858458f6,  // ramfs
    0x9123683e,  // btrfs
    0xca451a4e,  // bcachefs
    0xf2f52010,  // f2fs
});

// What the holder has written last. A network file system shows it to who opens the file anew.
Result<std::string> last_sign(const fs::path& path) {
  const Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!fd.valid()) return fail_errno(path.string());
  return read_fd(fd.get(), kSignLimit);
}

// Removes a lease under another name, so that it is removed once, however many processes find it dead.
void remove_dead(const fs::path& path) {
  const fs::path aside = path.parent_path() / random_name();
  if (rename(path.c_str(), aside.c_str()) == 0) unlink(aside.c_str());
}

// Watches the lease of another process.
class Watch {
 public:
  explicit Watch(std::chrono::milliseconds time) : time_(time) {}

  bool is_dead(const std::string& sign) {
    const auto now = std::chrono::steady_clock::now();
    if (std::exchange(sign_, sign) != sign || !since_) since_ = now;
    return now - *since_ > time_;
  }

 private:
  std::chrono::milliseconds time_;
  std::string sign_;
  std::optional<std::chrono::steady_clock::time_point> since_;  // when `sign_` was first seen
};

}  // namespace

bool is_local(int fd) {
  struct statfs status{};
  if (fstatfs(fd, &status) != 0) return false;
  return std::ranges::find(kLocal, static_cast<std::uint32_t>(status.f_type)) != kLocal.end();
}

std::unique_ptr<Lease> Lease::acquire(const fs::path& path, const std::stop_token& stop,
                                      std::chrono::milliseconds time) {
  const std::chrono::milliseconds longest = time / kSignsInTime;
  Watch watch(time);
  for (std::chrono::milliseconds pause(10); !stop.stop_requested(); pause = std::min(2 * pause, longest)) {
    Fd fd(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (fd.valid()) return std::unique_ptr<Lease>(new Lease(std::move(fd), path, time));
    if (errno != EEXIST) return nullptr;
    const auto sign = last_sign(path);
    if (!sign && sign.error().code == Code::not_found) continue;
    if (!sign) return nullptr;
    if (watch.is_dead(*sign)) remove_dead(path);
    pause_for(pause, stop);
  }
  return nullptr;
}

Lease::Lease(Fd fd, fs::path path, std::chrono::milliseconds time)
    : fd_(std::move(fd)), path_(std::move(path)), name_(random_name()) {
  give_sign(0);
  signs_ = std::jthread([this, time](const std::stop_token& stop) {
    for (unsigned long number = 1; !stop.stop_requested(); ++number) {
      pause_for(time / kSignsInTime, stop);
      give_sign(number);
    }
  });
}

Lease::~Lease() {
  signs_.request_stop();
  signs_.join();
  if (is_ours()) unlink(path_.c_str());
}

// A sign that cannot be written is missing. Others then take this process for dead, which costs time only.
void Lease::give_sign(unsigned long number) {
  const std::string sign = fmt::format("{} {:020}\n", name_, number);
  if (pwrite(fd_.get(), sign.data(), sign.size(), 0) < 0) return;
  fsync(fd_.get());  // otherwise a network file system may keep it on this machine
}

bool Lease::is_ours() const {
  const auto sign = last_sign(path_);
  return sign && sign->starts_with(name_ + " ");
}

}  // namespace xaas
