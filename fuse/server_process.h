// A mount served by a process of its own: in the background, or for as long as one command runs.
// Implements spec/mount.md, "Life of a mount".
#pragma once

#include <sys/types.h>

#include <filesystem>

#include "format/base/error.h"
#include "fuse/mount_options.h"

namespace xaas {

enum class Lifetime {
  detached,     // until unmounted; in a session of its own, off the terminal, with its log in $XAAS_LOG
  with_parent,  // until the parent ends, however that happens; only warnings go to the parent's standard error
};

struct MountRequest {
  std::filesystem::path image;
  std::filesystem::path mountpoint;
  MountOptions options;
};

// Serves in this process until it is unmounted or a signal (HUP, INT, TERM) asks to end. Logs everything to standard
// error. REQUIRES: this process has one thread.
Status serve_in_foreground(const MountRequest& request);

// Returns when the mount can be used, or with the error that ended the server. REQUIRES: this process has one thread.
Result<pid_t> start_server(const MountRequest& request, Lifetime lifetime);

// Asks a server to unmount and end, and waits for that for a limited time. A server that does not end is killed. That
// is an error, and its mount may still be there then. REQUIRES: SIGCHLD is not ignored.
Status end_server(pid_t server);

}  // namespace xaas
