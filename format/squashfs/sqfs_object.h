// libsquashfs objects made safe for C++: owning pointers, errors as values, and a file object that begins at an offset
// of a descriptor (the library has none).
#pragma once

#include <sqfs/error.h>
#include <sqfs/io.h>
#include <sqfs/predef.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "format/base/error.h"

namespace xaas {

struct SqfsDestroy {
  void operator()(void* object) const { sqfs_destroy(object); }
};
struct SqfsFree {
  void operator()(void* memory) const { sqfs_free(memory); }
};
template <typename T>
using SqfsPtr = std::unique_ptr<T, SqfsDestroy>;

// A sqfs_file_t over a part of a file that the caller owns and keeps open. Not copyable and not movable, because
// libsquashfs holds its address. Reading is thread-safe, writing is not.
class SqfsFile {
 public:
  enum class Mode { read_only, read_write };
  // The part has `size` bytes from `offset` on.
  SqfsFile(int fd, std::uint64_t offset, std::uint64_t size, Mode mode);
  SqfsFile(const SqfsFile&) = delete;
  SqfsFile& operator=(const SqfsFile&) = delete;

  sqfs_file_t* get() { return &file_.interface; }
  std::uint64_t size() const { return file_.size; }
  // errno of the last write that failed; 0 when no write failed.
  int write_error() const { return file_.write_error; }

 private:
  struct File {
    sqfs_file_t interface;  // first: libsquashfs hands its address back
    int fd;
    std::uint64_t offset;
    std::uint64_t size;
    int write_error;
  };
  static const File* from(const sqfs_file_t* file);
  static File* from(sqfs_file_t* file);
  static int read_at(sqfs_file_t* file, sqfs_u64 offset, void* buffer, size_t size);
  static int write_at(sqfs_file_t* file, sqfs_u64 offset, const void* buffer, size_t size);
  static sqfs_u64 get_size(const sqfs_file_t* file);
  static int truncate(sqfs_file_t* file, sqfs_u64 size);

  File file_;
};

// Returns `what` followed by the text of a SQFS_ERROR value.
tl::unexpected<Error> fail_sqfs(int error, std::string_view what);
// The same for a read through a SqfsFile. The text is that of errno when the system refused the read, so call it right
// after the read.
tl::unexpected<Error> fail_read(int error, const std::string& what);

}  // namespace xaas
