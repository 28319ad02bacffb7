// The decoder of the trailer. Any bytes give a trailer, no trailer or an error.
#include "format/squashfs/trailer.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  for (const std::uint64_t squashfs_size : {0, 5000}) {
    const auto trailer = xaas::decode_trailer(bytes, squashfs_size, size);
    if (trailer && *trailer) (void)xaas::check_trailer(**trailer);
  }
  return 0;
}
