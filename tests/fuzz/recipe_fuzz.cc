// The decoder of recipes. Any text gives a recipe or an error. A recipe can be written and read again.
#include <cstdlib>

#include "format/recipe.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto recipe = xaas::parse_recipe({reinterpret_cast<const char*>(data), size});
  if (!recipe) return 0;
  const auto again = xaas::parse_recipe(to_json(*recipe));
  if (!again || *again != *recipe) std::abort();
  return 0;
}
