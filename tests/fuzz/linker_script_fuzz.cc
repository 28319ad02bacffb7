// The readers of linker scripts. Any text gives an answer or an error, in bounded time.
#include "mkimage/capture/linker_script.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)xaas::parse_input_script(text);
  (void)xaas::check_layout_script(text);
  return 0;
}
