// A FUSE session of libfuse, owned: mounted when it exists, unmounted when it is destroyed. Turns libfuse's ways of
// failing (text on standard error) into errors of one line.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "format/base/error.h"

struct fuse_session;

namespace xaas {

struct Mounted;

// Move-only. Belongs to one thread, but for end().
class Session {
 public:
  // Whether it is /dev/fd/N: mounted already, at a place that is not known here.
  static bool is_descriptor(const std::filesystem::path& mountpoint);
  // `may_hide_files`: the directory need not be empty. Whether something can be mounted there, as far as that can be
  // known before; the error says how to mend it.
  static Status check_mountpoint(const std::filesystem::path& mountpoint, bool may_hide_files);

  // `source` is what the table of mounts shows. `mounted` is what the operations work on, and outlives the session.
  static Result<Session> mount(const std::filesystem::path& mountpoint, const std::string& source,
                               const std::vector<std::string>& options, Mounted& mounted);
  Session(Session&&) noexcept;
  Session& operator=(Session&&) noexcept;
  ~Session();

  // Serves with several threads until it is unmounted or end() is called. Takes SIGUSR1 for itself.
  Status loop();
  // Ends loop(), at once where it has not begun yet, and returns when it has ended. From any thread but those that
  // serve. What the kernel asks from then on is answered by unmounting.
  void end();
  fuse_session* get() const { return session_.get(); }

 private:
  Session();
  struct Unmount {
    void operator()(fuse_session* session) const;
  };
  std::unique_ptr<fuse_session, Unmount> session_;
  class Loop;
  std::unique_ptr<Loop> loop_;
};

}  // namespace xaas
