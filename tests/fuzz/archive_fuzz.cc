// The reader of static libraries. Any bytes give an error, or members that lie within the bytes.
#include <cstdlib>

#include "mkimage/capture/ar_archive.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto archive = xaas::parse_archive(bytes);
  if (!archive) return 0;
  for (const xaas::ArMember& member : archive->members) {
    if (member.data.empty()) continue;
    const bool is_within =
        member.data.data() >= bytes.data() && member.data.data() + member.data.size() <= bytes.data() + bytes.size();
    if (!is_within) std::abort();
  }
  return 0;
}
