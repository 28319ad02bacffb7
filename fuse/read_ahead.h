// Reads what a program needs to start before the program asks for it. The blocks are decompressed on another thread and
// kept by the image's reader, while the program works with what it already has. Implements spec/mount.md, "Reading
// ahead".
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "format/image.h"
#include "fuse/job_pool.h"

namespace xaas {

// Thread-safe. What cannot be read is left to whoever asks for it.
class ReadAhead {
 public:
  // The file of the image with the bytes that a read of the library at `path` gets, as far as is known without a search
  // of the cache. Code::not_found if its bytes come from elsewhere. `path` is a path in the image.
  using ServedFile = std::function<Result<InodeRef>(const std::string& path)>;

  // `image` outlives this object. `served` is called from the thread of this object.
  ReadAhead(const Image& image, ServedFile served) : image_(image), served_(std::move(served)) {}
  // Waits for the file that is being read, and reads no other.
  ~ReadAhead() { stop_.request_stop(); }
  ReadAhead(const ReadAhead&) = delete;
  ReadAhead& operator=(const ReadAhead&) = delete;

  // Reads the libraries of the image that the program or library at `path` needs, also through each other, in the order
  // in which the dynamic loader opens them. Each library is read once. Returns at once.
  void begin_libraries_of(std::string path);
  // Reads a file of the image. Returns at once.
  void begin(InodeRef file);

 private:
  void read_libraries_of(const std::string& program);
  std::vector<std::string> new_libraries(const std::string& user, const Result<InodeRef>& served);
  std::uint64_t read(InodeRef file, std::uint64_t most);

  const Image& image_;
  const ServedFile served_;
  std::stop_source stop_;
  std::set<std::string> known_;  // paths of files that were read, or are about to be; only for the thread
  JobPool pool_{1};
};

}  // namespace xaas
