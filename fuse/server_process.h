// A mount served by a process of its own: in the background, or for as long as one command runs.
// Implements spec/mount.md, "Life of a mount".
#pragma once

#include <sys/types.h>

#include <filesystem>

#include "format/base/error.h"
#include "fuse/mount_options.h"

namespace xaas {

enum class Lifetime {
  detached,     // until it is unmounted; its own session, off the terminal, log in $XAAS_LOG
  with_parent,  // ends when the parent does, however that ends; only warnings go to the parent's standard error
};

struct MountRequest {
  std::filesystem::path image;
  std::filesystem::path mountpoint;
  MountOptions options;
};

// Serves in this process, until unmounted or a signal (HUP, INT, TERM) asks to end; everything is logged on standard
// error. REQUIRES: this process has one thread.
Status serve_in_foreground(const MountRequest& request);

// Returns when the mount can be used, or with what the server died of. REQUIRES: this process has one thread.
Result<pid_t> start_server(const MountRequest& request, Lifetime lifetime);

// Asks a server to unmount and end, and waits until it has, but not for ever: one that does not end is killed, which is
// an error, and then what it mounted may still be there. REQUIRES: SIGCHLD is not ignored.
Status end_server(pid_t server);

}  // namespace xaas
