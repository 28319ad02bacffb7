// Notices that the image file was changed under the mount: what has been read and what would be read no longer belong
// together, so reading ends. Implements spec/mount.md, "The image".
#pragma once

#include <sys/stat.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>

#include "format/error.h"

namespace xaas {

// Thread-safe.
class ImageGuard {
 public:
  // `fd` is borrowed. `warning` is called once, with one line, when a change is noticed.
  ImageGuard(int fd, std::string path, std::function<void(const std::string&)> warning);

  // Code::io once the image has changed. Looks at the file at most once a second.
  Status check();

 private:
  bool same_file(const struct stat& now);

  const int fd_;
  const std::string path_;
  const std::function<void(const std::string&)> warning_;
  std::atomic<std::int64_t> checked_second_{0};
  std::atomic<bool> changed_{false};
  std::mutex first_mutex_;
  struct stat first_{};  // as it was when the image was opened
};

}  // namespace xaas
