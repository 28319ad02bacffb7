// libsquashfs objects made safe for C++; see sqfs_object.h.
#include "format/squashfs/sqfs_object.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace xaas {
namespace {

Code code_of(int error) {
  switch (error) {
    case SQFS_ERROR_ALLOC:
    case SQFS_ERROR_IO:
      return Code::io;
    case SQFS_ERROR_UNSUPPORTED:
    case SFQS_ERROR_SUPER_VERSION:
      return Code::unsupported;
    case SQFS_ERROR_NO_ENTRY:
      return Code::not_found;
    default:
      return Code::invalid;
  }
}

const char* text_of(int error) {
  switch (error) {
    case SQFS_ERROR_ALLOC:
      return "out of memory";
    case SQFS_ERROR_IO:
      return "input or output failed";
    case SQFS_ERROR_COMPRESSOR:
      return "compressed data is damaged";
    case SQFS_ERROR_CORRUPTED:
      return "damaged";
    case SQFS_ERROR_UNSUPPORTED:
      return "uses a compressor or feature that this program does not have";
    case SQFS_ERROR_OVERFLOW:
      return "a number is too large";
    case SQFS_ERROR_OUT_OF_BOUNDS:
      return "truncated or damaged";
    case SFQS_ERROR_SUPER_MAGIC:
      return "not a SquashFS image";
    case SFQS_ERROR_SUPER_VERSION:
      return "not version 4.0 of SquashFS";
    case SQFS_ERROR_SUPER_BLOCK_SIZE:
      return "has an impossible block size";
    default:
      return "refused by libsquashfs";
  }
}

void destroy_nothing(sqfs_object_t*) {}

}  // namespace

SqfsFile::SqfsFile(int fd, std::uint64_t offset, std::uint64_t size, Mode mode)
    : file_{.interface = {.base = {.destroy = destroy_nothing, .copy = nullptr},
                          .read_at = read_at,
                          .write_at = mode == Mode::read_write ? write_at : nullptr,
                          .get_size = get_size,
                          .truncate = mode == Mode::read_write ? truncate : nullptr},
            .fd = fd,
            .offset = offset,
            .size = size,
            .write_error = 0} {}

const SqfsFile::File* SqfsFile::from(const sqfs_file_t* file) { return reinterpret_cast<const File*>(file); }
SqfsFile::File* SqfsFile::from(sqfs_file_t* file) { return reinterpret_cast<File*>(file); }

int SqfsFile::read_at(sqfs_file_t* file, sqfs_u64 offset, void* buffer, size_t size) {
  const File& self = *from(file);
  if (offset > self.size || size > self.size - offset) return SQFS_ERROR_OUT_OF_BOUNDS;
  for (auto* to = static_cast<char*>(buffer); size > 0;) {
    const ssize_t got = pread(self.fd, to, size, static_cast<off_t>(self.offset + offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return SQFS_ERROR_IO;
    if (got == 0) return SQFS_ERROR_OUT_OF_BOUNDS;
    to += got;
    offset += static_cast<std::size_t>(got);
    size -= static_cast<std::size_t>(got);
  }
  return 0;
}

int SqfsFile::write_at(sqfs_file_t* file, sqfs_u64 offset, const void* buffer, size_t size) {
  File& self = *from(file);
  for (const auto* data = static_cast<const char*>(buffer); size > 0;) {
    const ssize_t put = pwrite(self.fd, data, size, static_cast<off_t>(self.offset + offset));
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) {
      self.write_error = errno;
      return SQFS_ERROR_IO;
    }
    data += put;
    offset += static_cast<std::size_t>(put);
    size -= static_cast<std::size_t>(put);
  }
  self.size = std::max(self.size, offset);
  return 0;
}

sqfs_u64 SqfsFile::get_size(const sqfs_file_t* file) { return from(file)->size; }

int SqfsFile::truncate(sqfs_file_t* file, sqfs_u64 size) {
  File& self = *from(file);
  if (ftruncate(self.fd, static_cast<off_t>(self.offset + size)) != 0) {
    self.write_error = errno;
    return SQFS_ERROR_IO;
  }
  self.size = size;
  return 0;
}

tl::unexpected<Error> fail_sqfs(int error, std::string_view what) {
  return fail(code_of(error), "{}: {}", what, text_of(error));
}

tl::unexpected<Error> fail_read(int error, const std::string& what) {
  return error == SQFS_ERROR_IO ? fail_errno(what) : fail_sqfs(error, what);
}

}  // namespace xaas
