// A FUSE session of libfuse, owned. It is mounted when it exists, and unmounted when it is destroyed. libfuse writes to
// standard error when it fails; this class turns that text into errors of one line.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "format/base/error.h"

struct fuse_session;

namespace xaas {

struct Mounted;

inline constexpr const char* kFuseDevice = "/dev/fuse";
// Whether there is a fusermount3 where libfuse looks: in the directory of its own package, then in PATH.
bool has_fusermount();

// Move-only. Belongs to one thread, except for end().
class Session {
 public:
  // Whether the mountpoint is /dev/fd/N. It is mounted already, at a path that is not known here.
  static bool is_descriptor(const std::filesystem::path& mountpoint);
  // Checks as far as possible whether something can be mounted there. The error says how to mend it. With
  // `may_hide_files` the directory need not be empty.
  static Status check_mountpoint(const std::filesystem::path& mountpoint, bool may_hide_files);

  // The table of mounts shows `source`. The operations work on `mounted`, which must outlive the session.
  static Result<Session> mount(const std::filesystem::path& mountpoint, const std::string& source,
                               const std::vector<std::string>& options, Mounted& mounted);
  Session(Session&&) noexcept;
  Session& operator=(Session&&) noexcept;
  ~Session();

  // Serves with several threads until it is unmounted or end() is called. Takes SIGUSR1 for itself.
  Status loop();
  // Ends loop(), and returns when it has ended. A loop() that begins later ends at once. May be called from any thread
  // except those that serve. Unmounting answers the requests that the kernel sends after the end.
  void end();
  // Unmounts unless somebody uses the mount: has a file open or mapped, or works in a directory of it. Returns whether
  // it is unmounted, which ends loop(). May be called from any thread except those that serve.
  bool unmount_if_unused() const;
  fuse_session* get() const { return session_.get(); }

 private:
  Session();
  struct Unmount {
    void operator()(fuse_session* session) const;
  };
  std::unique_ptr<fuse_session, Unmount> session_;
  std::filesystem::path mountpoint_;  // absolute
  class Loop;
  std::unique_ptr<Loop> loop_;
};

}  // namespace xaas
