// A command that runs while an image is mounted: at a mountpoint, or where nobody else sees the mount. Implements
// spec/mount.md, "Life of a mount".
#pragma once

#include <filesystem>
#include <functional>

#include "format/base/error.h"
#include "format/base/process.h"
#include "fuse/server_process.h"

namespace xaas {

// What is to be run, given the directory at which the image is mounted.
using MountedWork = std::function<Result<ExitStatus>(const std::filesystem::path& mountpoint)>;

// All of these mount the image, run `work`, and unmount. Their results are those of `work`. REQUIRES: this process has
// one thread; SIGCHLD is not ignored.

// Mounts at request.mountpoint.
Result<ExitStatus> run_in_mount(const MountRequest& request, const MountedWork& work);
// Mounts at the prefix for which the image was built, or at /opt/NAME if its prefix is movable, in a private namespace
// that this process enters. request.mountpoint is ignored.
Result<ExitStatus> run_at_prefix(MountRequest request, const MountedWork& work);
// Mounts at a new directory for temporary files, which is removed at the end. Other processes of the user see the
// mount. request.mountpoint is ignored.
Result<ExitStatus> run_at_temporary_directory(MountRequest request, const MountedWork& work);

// Whether this process can mount in a private namespace, as run_at_prefix() does. A child process tries it. Nobody
// waits for the end of that process.
bool can_mount_privately();

}  // namespace xaas
