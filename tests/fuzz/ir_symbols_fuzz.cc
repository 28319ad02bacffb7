// The reader of symbols in bitcode. Any bytes give names or an error. Names are sorted, each once.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <functional>

#include "format/ir_symbols.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto names = xaas::undefined_ir_symbols({reinterpret_cast<const char*>(data), size});
  if (names && std::ranges::adjacent_find(*names, std::greater_equal<>()) != names->end()) std::abort();
  return 0;
}
