// See replies.h. Only errno_of() makes an errno value from an Error.
#include "fuse/replies.h"

#include <cerrno>
#include <vector>

namespace xaas {
namespace {

int errno_of(const Error& error) {
  switch (error.code) {
    case Code::not_found:
      return ENOENT;
    case Code::permission:
      return EACCES;
    case Code::unsupported:
      return ENOTSUP;
    case Code::interrupted:
      return EINTR;
    case Code::invalid:
    case Code::io:
    case Code::failed:
    case Code::exhausted:
      break;
  }
  return EIO;
}

}  // namespace

void reply_error(fuse_req_t request, const Error& error) {
  const int number = errno_of(error);
  if (number == EIO) mounted(request).log->warning(error.message);
  fuse_reply_err(request, number);
}

void reply_bytes(fuse_req_t request, std::span<const std::byte> bytes) {
  fuse_reply_buf(request, reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

fuse_entry_param to_param(const ServedEntry& entry) {
  fuse_entry_param result{};
  result.ino = entry.node;
  result.attr = entry.attributes;
  result.attr_timeout = result.entry_timeout = kForever;
  return result;
}

std::span<std::byte> read_buffer(std::size_t size) {
  static thread_local std::vector<std::byte> buffer;
  if (buffer.size() < size) buffer.resize(size);
  return std::span(buffer).first(size);
}

}  // namespace xaas
