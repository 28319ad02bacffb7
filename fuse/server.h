// One mount, from the first look at the image to the unmount. Has the image, the lowerer, the tree and the FUSE
// session, in the order in which they need each other. Implements spec/mount.md, "Life of a mount".
#pragma once

#include <filesystem>
#include <memory>

#include "format/base/error.h"
#include "fuse/log.h"
#include "fuse/mount_options.h"

namespace xaas {

// Not thread-safe. REQUIRES: prepare_signals().
class Server {
 public:
  // Opens the image, and mounts nothing yet. If files cannot be lowered here, they are served as they are, with a
  // warning. With `strict`, or when a configuration is asked for by name, that is an error.
  static Result<std::unique_ptr<Server>> create(const std::filesystem::path& image, const MountOptions& options,
                                                Log::Verbosity verbosity);
  ~Server();  // unmounts

  // `mountpoint` is a directory, or /dev/fd/N: an open descriptor of /dev/fuse that someone has mounted already. Starts
  // threads, so call it after the last fork. On failure nothing is mounted.
  Status mount(const std::filesystem::path& mountpoint);
  // Serves until the mount is unmounted from outside or a signal (HUP, INT, TERM) asks to end. When it returns, the
  // workers, the threads and the mount have ended.
  Status serve();

 private:
  class Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace xaas
