// The decoder of the manifest. Any text gives a manifest or an error. A manifest can be written and read again.
#include <cstdlib>

#include "format/manifest.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto manifest = xaas::parse_manifest({reinterpret_cast<const char*>(data), size});
  if (!manifest) return 0;
  const std::string json = to_json(*manifest);
  const auto again = xaas::parse_manifest(json);
  if (!again || to_json(*again) != json) std::abort();
  return 0;
}
