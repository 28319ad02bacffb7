// Reads what a program needs to start before the program asks for it. The blocks are decompressed on another thread and
// kept by the image's reader, while the program works with what it already has. Implements spec/mount.md, "Reading
// ahead".
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "format/image.h"
#include "fuse/job_pool.h"

namespace xaas {

// Thread-safe. What cannot be read is left to whoever asks for it.
class ReadAhead {
 public:
  // The file of the image with the bytes that a read of the file at `path` gets, or with similar ones where they come
  // from the cache. `path` is a path in the image.
  using ServedFile = std::function<Result<InodeRef>(const std::string& path)>;

  // `image` outlives this object. `served` is called from the thread of this object. The destructor waits for what is
  // being read.
  ReadAhead(const Image& image, ServedFile served) : image_(image), served_(std::move(served)) {}

  // Reads the libraries of the image that the program or library at `path` needs, also through each other, in the order
  // in which the dynamic loader opens them. Each library is read once. Returns at once.
  void begin_libraries_of(std::string path);
  // Reads a file of the image. Returns at once.
  void begin(InodeRef file);

 private:
  void read_libraries_of(const std::string& program);
  std::vector<std::string> new_libraries(const std::string& user);
  std::uint64_t read(InodeRef file, std::uint64_t most);

  const Image& image_;
  const ServedFile served_;
  std::set<std::string> known_;  // paths of files that were read, or are about to be; only for the thread
  JobPool pool_{1};
};

}  // namespace xaas
