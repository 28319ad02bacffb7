// Notices that the image file was changed under the mount. Bytes read before and after the change do not belong
// together, so reading ends. Implements spec/mount.md, "The image under the mount".
#pragma once

#include <sys/stat.h>

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>

#include "format/base/error.h"

namespace xaas {

// Thread-safe.
class ImageGuard {
 public:
  // `fd` is borrowed; the image begins at `offset` in it.
  ImageGuard(int fd, std::uint64_t offset, std::string path);

  // Code::io once the image has changed, always with the same text. Looks at the file at most once a second.
  Status check();

 private:
  bool is_unchanged();
  std::string read_beginning() const;

  const int fd_;
  const std::uint64_t offset_;
  const std::string path_;
  std::atomic<std::int64_t> checked_second_{0};
  std::atomic<bool> changed_{false};
  std::mutex first_mutex_;
  struct stat first_{};    // the file when it was opened, or later if only its ctime has changed
  std::string beginning_;  // its super block
};

}  // namespace xaas
