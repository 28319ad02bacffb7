// See hex.h.
#include "format/base/hex.h"

#include <sodium.h>

namespace xaas {

std::string to_hex(std::span<const std::byte> bytes) {
  std::string text(2 * bytes.size() + 1, '\0');  // libsodium ends it with a NUL
  sodium_bin2hex(text.data(), text.size(), reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  text.pop_back();
  return text;
}

std::string to_hex(std::string_view bytes) { return to_hex(std::as_bytes(std::span(bytes))); }

bool is_hex(std::string_view text) { return text.find_first_not_of("0123456789abcdef") == std::string_view::npos; }

bool from_hex(std::string_view text, std::span<std::byte> bytes) {
  std::size_t size = 0;
  return text.size() == 2 * bytes.size() && is_hex(text) &&
         sodium_hex2bin(reinterpret_cast<unsigned char*>(bytes.data()), bytes.size(), text.data(), text.size(), nullptr,
                        &size, nullptr) == 0 &&
         size == bytes.size();
}

}  // namespace xaas
