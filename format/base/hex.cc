// See hex.h.
#include "format/base/hex.h"

#include <nettle/base16.h>

#include <cstdint>

namespace xaas {

std::string to_hex(std::span<const std::byte> bytes) {
  std::string text(BASE16_ENCODE_LENGTH(bytes.size()), '\0');
  base16_encode_update(text.data(), bytes.size(), reinterpret_cast<const std::uint8_t*>(bytes.data()));
  return text;
}

std::string to_hex(std::string_view bytes) { return to_hex(std::as_bytes(std::span(bytes))); }

bool is_hex(std::string_view text) { return text.find_first_not_of("0123456789abcdef") == std::string_view::npos; }

bool from_hex(std::string_view text, std::span<std::byte> bytes) {
  if (text.size() != 2 * bytes.size() || !is_hex(text)) return false;
  base16_decode_ctx decoder;
  base16_decode_init(&decoder);
  std::size_t size = bytes.size();
  auto* to = reinterpret_cast<std::uint8_t*>(bytes.data());
  return base16_decode_update(&decoder, &size, to, text.size(), text.data()) != 0 && size == bytes.size();
}

}  // namespace xaas
