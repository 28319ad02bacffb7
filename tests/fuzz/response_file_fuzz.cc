// Response files. Words that were split are the same when they are written and split again.
#include <cstdlib>

#include "mkimage/compiler/response_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto words = xaas::split_arguments({reinterpret_cast<const char*>(data), size});
  if (xaas::split_arguments(xaas::to_response_file(words)) != words) std::abort();
  return 0;
}
