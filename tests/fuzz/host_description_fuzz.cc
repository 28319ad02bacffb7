// The reader of descriptions of hosts. Any text gives a description or an error, and a description that is written
// again is the same.
#include <cstdlib>

#include "lower/host_description.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto read = xaas::parse_host_description({reinterpret_cast<const char*>(data), size}, "host");
  if (!read) return 0;
  const std::string text = xaas::to_json(*read);
  const auto again = xaas::parse_host_description(text, "host");
  if (!again || xaas::to_json(*again) != text) std::abort();
  return 0;
}
