// The reader of lld's records. Any bytes give an error, or files that lie within the bytes.
#include <cstdlib>

#include "mkimage/capture/tar_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto files = xaas::parse_tar(bytes);
  if (!files) return 0;
  for (const auto& [name, content] : *files) {
    if (content.empty()) continue;
    if (content.data() < bytes.data() || content.data() + content.size() > bytes.data() + bytes.size()) std::abort();
  }
  return 0;
}
