// The decoder of fat binaries. Any bytes give entries or an error. Entries can be written and read again.
#include <cstdlib>

#include "format/fatbin.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto entries = xaas::parse_fatbin({reinterpret_cast<const char*>(data), size});
  if (!entries) return 0;
  const auto again = xaas::parse_fatbin(xaas::write_fatbin(*entries));
  if (!again || *again != *entries) std::abort();
  return 0;
}
