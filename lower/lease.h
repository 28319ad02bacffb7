// Excludes processes on other machines from making the same entry of a cache, where the file system's locks are not
// seen by them or do not exist. Implements spec/cache.md, "Rules".
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>

#include "format/base/file.h"

namespace xaas {

// Whether the locks of the file system that holds the open file reach everybody who can use it: it is one of this
// machine's own.
bool is_local(int fd);

// How long a lease stands whose holder gives no sign of life. A holder gives one every fifth of that.
inline constexpr std::chrono::milliseconds kLeaseTime(5000);

// A file that its holder has created and keeps changing. The destructor removes it. A lease can be lost to a process
// that takes its holder for dead. Both then do the same work, with the same result.
class Lease {
 public:
  // Blocks until this caller has created `path`, or until `stop` is requested. Removes the file of a holder that has
  // not changed it for `time`, by this machine's clock. Null if `stop` is requested, or if the file cannot be created
  // for another reason than that it exists. Thread-safe.
  static std::unique_ptr<Lease> acquire(const std::filesystem::path& path, const std::stop_token& stop,
                                        std::chrono::milliseconds time = kLeaseTime);
  ~Lease();
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;

 private:
  Lease(Fd fd, std::filesystem::path path, std::chrono::milliseconds time);
  void give_sign(unsigned long number);
  bool is_ours() const;

  Fd fd_;
  std::filesystem::path path_;
  std::string name_;    // the first word in the file; nobody else's
  std::jthread signs_;  // must be the last member, because it uses the others
};

}  // namespace xaas
