// What the handlers of the operations share: the session's data, errors as errno values, entries and buffers in
// libfuse's form.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "fuse/libfuse.h"
#include "fuse/mounted.h"

namespace xaas {

inline constexpr double kForever = 1e9;  // seconds; what is served never changes, and moved names are announced

inline Mounted& mounted(fuse_req_t request) {
  Mounted& mounted = *static_cast<Mounted*>(fuse_req_userdata(request));
  if (mounted.activity != nullptr) mounted.activity->note();
  return mounted;
}

// Answers with the errno value of `error`. Logs the error if that value is EIO.
void reply_error(fuse_req_t request, const Error& error);
// Answers a read; fewer bytes than were asked for mean the end of the file.
void reply_bytes(fuse_req_t request, std::span<const std::byte> bytes);

fuse_entry_param to_param(const ServedEntry& entry);

// A buffer of this thread, so that reads do not allocate. Valid until the next call in the thread.
std::span<std::byte> read_buffer(std::size_t size);

// Converts between fuse_file_info::fh and a pointer.
template <typename T>
std::uint64_t to_handle(T* pointer) {
  return reinterpret_cast<std::uint64_t>(pointer);
}
template <typename T>
T* from_handle(const fuse_file_info& info) {
  return reinterpret_cast<T*>(info.fh);
}

}  // namespace xaas
