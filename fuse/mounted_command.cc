// See mounted_command.h.
#include "fuse/mounted_command.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cstdlib>
#include <utility>

#include "format/base/file.h"
#include "format/base/pipe.h"
#include "format/base/private_namespace.h"
#include "format/base/tool_main.h"
#include "format/image.h"
#include "fuse/session.h"

namespace xaas {
namespace {

namespace fs = std::filesystem;

// Mounts without a server, and ends the mount with this process.
Status try_private_mount() {
  XAAS_TRY(enter_private_namespace());
  const Fd device(::open(kFuseDevice, O_RDWR | O_CLOEXEC));
  if (!device.valid()) return fail_errno(kFuseDevice);
  const std::string options =
      fmt::format("fd={},rootmode=40000,user_id={},group_id={}", device.get(), ::geteuid(), ::getegid());
  if (::mount("xaas", "/", "fuse", MS_NOSUID | MS_NODEV | MS_RDONLY, options.c_str()) == 0) return {};
  return fail_errno("cannot mount");
}

}  // namespace

Result<ExitStatus> run_in_mount(const MountRequest& request, const MountedWork& work) {
  XAAS_ASSIGN(const pid_t server, start_server(request, Lifetime::with_parent));
  Result<ExitStatus> status = work(request.mountpoint);
  const Status ended = end_server(server);
  if (!ended) report("xaas-mount", ended.error());  // the status is still that of the command
  return status;
}

Result<ExitStatus> run_at_prefix(MountRequest request, const MountedWork& work) {
  XAAS_ASSIGN(const auto image, Image::open(request.image, {.offset = request.options.offset}));
  request.mountpoint = own_prefix(image->manifest());
  request.options.nonempty = true;  // nobody else sees it
  if (const Status entered = enter_private_namespace(); !entered) {
    return fail(entered.error().code, "{}: mount the image at a directory instead: xaas-mount IMAGE MOUNTPOINT -- CMD",
                entered.error().message);
  }
  // New entries are refused, because they would be lost.
  XAAS_TRY(ensure_directory(request.mountpoint, NewEntries::refused));
  return run_in_mount(request, work);
}

Result<ExitStatus> run_at_temporary_directory(MountRequest request, const MountedWork& work) {
  std::error_code error;
  const fs::path parent = fs::temp_directory_path(error);
  if (error) return fail(Code::io, "no directory for temporary files to mount the image in: {}", error.message());
  XAAS_ASSIGN(const TempDirectory directory, TempDirectory::create(parent));
  request.mountpoint = directory.path();
  return run_in_mount(request, work);
}

bool can_mount_privately() {
  auto pipe = make_pipe();
  if (!pipe) return false;
  const pid_t child = ::fork();
  if (child < 0) return false;
  if (child == 0) {
    if (try_private_mount()) static_cast<void>(write_all(pipe->write.get(), "+"));
    pipe->write = Fd();  // now, because the kernel takes 20 ms to take the namespace down
    std::_Exit(0);
  }
  pipe->write = Fd();
  return read_fd(pipe->read.get()).value_or(std::string()) == "+";
}

}  // namespace xaas
