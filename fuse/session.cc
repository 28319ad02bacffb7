// See session.h.
#include "fuse/session.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <mutex>
#include <optional>
#include <string_view>
#include <system_error>

#include "format/base/file.h"
#include "format/base/process.h"
#include "fuse/operations.h"

namespace xaas {
namespace {

constexpr std::string_view kDescriptorPrefix = "/dev/fd/";

// While this exists, it keeps what this process and its children write to standard error. libfuse and fusermount3 say
// only there why they fail.
class CapturedErrors {
 public:
  CapturedErrors() : saved_(::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0)), text_(::memfd_create("errors", MFD_CLOEXEC)) {
    std::fflush(stderr);
    if (saved_.valid() && text_.valid()) ::dup2(text_.get(), STDERR_FILENO);
  }
  ~CapturedErrors() {
    std::fflush(stderr);
    if (saved_.valid()) ::dup2(saved_.get(), STDERR_FILENO);
  }
  CapturedErrors(const CapturedErrors&) = delete;
  CapturedErrors& operator=(const CapturedErrors&) = delete;

  // The text, on one line.
  std::string text() const {
    std::fflush(stderr);
    ::lseek(text_.get(), 0, SEEK_SET);
    std::string text = read_fd(text_.get()).value_or(std::string());
    while (!text.empty() && text.back() == '\n') text.pop_back();
    std::ranges::replace(text, '\n', ';');
    return text;
  }

 private:
  Fd saved_;
  Fd text_;
};

// What those can do who cannot use FUSE; ends a message.
constexpr std::string_view kWithoutFuse =
    "; without FUSE, `xaas-lower install IMAGE DIR` writes plain files, and `xaas-lower export` a SquashFS";

tl::unexpected<Error> mount_failed(const std::filesystem::path& mountpoint, const std::string& why) {
  if (::geteuid() != 0 && !has_fusermount()) {
    return fail(Code::unsupported, "{}: cannot mount: there is no fusermount3 in PATH: install the package fuse3{}",
                mountpoint.string(), kWithoutFuse);
  }
  const bool has_device = Fd(::open(kFuseDevice, O_RDWR | O_CLOEXEC)).valid();
  return fail(Code::failed, "{}: cannot mount: {}{}", mountpoint.string(), why, has_device ? "" : kWithoutFuse);
}

// A list of options for libfuse: -o in front of each, and ',' and '\' in a value escaped.
class Arguments {
 public:
  Arguments() { fuse_opt_add_arg(&arguments_, "xaas-mount"); }
  ~Arguments() { fuse_opt_free_args(&arguments_); }
  Arguments(const Arguments&) = delete;
  Arguments& operator=(const Arguments&) = delete;

  void add(const std::string& option) {
    char* escaped = nullptr;
    fuse_opt_add_opt_escaped(&escaped, option.c_str());
    fuse_opt_add_arg(&arguments_, "-o");
    fuse_opt_add_arg(&arguments_, escaped);
    std::free(escaped);  // NOLINT: allocated by libfuse
  }
  fuse_args* get() { return &arguments_; }

 private:
  fuse_args arguments_ = FUSE_ARGS_INIT(0, nullptr);
};

constexpr int kWakeUp = SIGUSR1;

// Lets wake-ups come to this thread. A wake-up only interrupts what the thread waits in.
void take_wake_ups() {
  struct sigaction action{};
  action.sa_handler = [](int) {};
  ::sigaction(kWakeUp, &action, nullptr);
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, kWakeUp);
  pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
}

// Returns an errno value, or 0. If an earlier mount is there, statvfs() asks its server; stat() may not do that. A
// request fails with EIO if a thread of the server takes it while it is being killed. So the question is repeated, as
// often as a server has threads.
int ask_for_status(const std::filesystem::path& mountpoint, struct stat& status) {
  constexpr int kMostThreads = 32;
  struct statvfs system{};
  int error = 0;
  for (int i = 0; i == 0 || (error == EIO && i <= kMostThreads); ++i) {
    const bool answers = ::stat(mountpoint.c_str(), &status) == 0 && ::statvfs(mountpoint.c_str(), &system) == 0;
    error = answers ? 0 : errno;
  }
  return error;
}

}  // namespace

// The thread that is in libfuse's loop, if there is one.
class Session::Loop {
 public:
  void begin() {
    const std::lock_guard lock(thread_mutex_);
    thread_ = pthread_self();
  }
  void has_ended() {
    {
      const std::lock_guard lock(thread_mutex_);
      thread_.reset();
    }
    ended_.notify_all();
  }
  // libfuse first looks whether it must end, and then waits. A wake-up between the two is lost, so there is more than
  // one.
  void wake_until_ended() {
    std::unique_lock lock(thread_mutex_);
    while (thread_) {
      pthread_kill(*thread_, kWakeUp);
      ended_.wait_for(lock, std::chrono::milliseconds(10));
    }
  }

 private:
  std::mutex thread_mutex_;
  std::condition_variable ended_;
  std::optional<pthread_t> thread_;
};

bool has_fusermount() { return is_program("/usr/bin/fusermount3") || find_program("fusermount3").has_value(); }

bool Session::is_descriptor(const std::filesystem::path& mountpoint) {
  return mountpoint.native().starts_with(kDescriptorPrefix);
}

Status Session::check_mountpoint(const std::filesystem::path& mountpoint, bool may_hide_files) {
  if (is_descriptor(mountpoint)) return {};
  struct stat status{};
  if (const int error = ask_for_status(mountpoint, status); error != 0) {
    errno = error;
    // ECONNABORTED: the server is dying just now.
    if (errno != ENOTCONN && errno != ECONNABORTED) return fail_errno(mountpoint.string() + ": cannot mount here");
    return fail(Code::failed, "{0}: cannot mount here: the server of an earlier mount has died: fusermount3 -u {0}",
                mountpoint.string());
  }
  if (!S_ISDIR(status.st_mode))
    return fail(Code::invalid, "{}: cannot mount here: not a directory", mountpoint.string());
  std::error_code unreadable;  // fusermount3 will report it
  if (!may_hide_files && !std::filesystem::is_empty(mountpoint, unreadable) && !unreadable) {
    return fail(Code::invalid,
                "{}: cannot mount here: not empty: mount at another directory, or hide what is there with "
                "-o nonempty",
                mountpoint.string());
  }
  if (::access(kFuseDevice, F_OK) != 0) {
    return fail(
        Code::unsupported,
        "/dev/fuse is missing: load the kernel's module (modprobe fuse), or give the device to this container{}",
        kWithoutFuse);
  }
  return {};
}

Result<Session> Session::mount(const std::filesystem::path& mountpoint, const std::string& source,
                               const std::vector<std::string>& options, Mounted& mounted) {
  Arguments arguments;
  for (const char* always : {"ro", "nosuid", "nodev", "default_permissions", "subtype=xaas"}) arguments.add(always);
  arguments.add("fsname=" + source);
  for (const std::string& option : options) arguments.add(option);

  // An absolute path: it is needed again at the unmount, and a server in the background works in another directory.
  std::error_code error;
  const std::filesystem::path place =
      is_descriptor(mountpoint) ? mountpoint : std::filesystem::canonical(mountpoint, error);
  if (error) return fail(Code::invalid, "{}: cannot mount here: {}", mountpoint.string(), error.message());

  const CapturedErrors errors;
  Session session;
  session.session_.reset(fuse_session_new(arguments.get(), &operations(), sizeof(fuse_lowlevel_ops), &mounted));
  if (!session.session_) return mount_failed(mountpoint, errors.text());
  if (fuse_session_mount(session.get(), place.c_str()) != 0) return mount_failed(mountpoint, errors.text());
  session.mountpoint_ = place;
  return session;
}

Session::Session() : loop_(std::make_unique<Loop>()) {}
Session::Session(Session&&) noexcept = default;
Session& Session::operator=(Session&&) noexcept = default;
Session::~Session() = default;

Status Session::loop() {
  take_wake_ups();
  loop_->begin();
  const std::unique_ptr<fuse_loop_config, void (*)(fuse_loop_config*)> config(fuse_loop_cfg_create(),
                                                                              fuse_loop_cfg_destroy);
  const int result = fuse_session_loop_mt(session_.get(), config.get());
  loop_->has_ended();
  if (result >= 0) return {};
  return fail(Code::io, "serving the mount failed: {}", std::error_code(-result, std::generic_category()).message());
}

// This does not unmount. Unmounting would close the device under the threads that read it, and would end nothing while
// somebody still uses the mount.
void Session::end() {
  fuse_session_exit(session_.get());
  loop_->wake_until_ended();
}

bool Session::unmount_if_unused() const {
  if (is_descriptor(mountpoint_)) return false;
  if (::umount2(mountpoint_.c_str(), UMOUNT_NOFOLLOW) == 0) return true;
  if (errno != EPERM || !has_fusermount()) return false;
  const auto unmounted = run_and_read({"fusermount3", "-u", "-q", "--", mountpoint_.string()});
  return unmounted && unmounted->status.ok();
}

void Session::Unmount::operator()(fuse_session* session) const {
  fuse_session_unmount(session);
  fuse_session_destroy(session);
}

}  // namespace xaas
