// A FUSE session of libfuse, owned: mounted when it exists, unmounted when it is destroyed. Turns libfuse's ways of
// failing (text on standard error) into errors of one line.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "format/error.h"

struct fuse_session;

namespace xaas {

struct Mounted;

// Move-only. Belongs to the main thread.
class Session {
 public:
  // Whether something can be mounted there, as far as that can be known before; the error says how to mend it.
  static Status check_mountpoint(const std::filesystem::path& mountpoint);

  // `source` is what the table of mounts shows. `mounted` is what the operations work on, and outlives the session.
  static Result<Session> mount(const std::filesystem::path& mountpoint, const std::string& source,
                               const std::vector<std::string>& options, Mounted& mounted);
  Session(Session&&) noexcept = default;
  Session& operator=(Session&&) noexcept = default;

  // Serves with several threads until it is unmounted or a signal (HUP, INT, TERM) asks to end.
  Status loop();
  fuse_session* get() const { return session_.get(); }

 private:
  Session() = default;
  struct Unmount {
    void operator()(fuse_session* session) const;
  };
  std::unique_ptr<fuse_session, Unmount> session_;
};

}  // namespace xaas
