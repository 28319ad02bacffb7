// Bytes as lower-case hex digits.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace xaas {

// Two digits for each byte.
std::string to_hex(std::span<const std::byte> bytes);
std::string to_hex(std::string_view bytes);

// Whether `text` consists only of such digits.
bool is_hex(std::string_view text);

// Fills `bytes` from `text`, which has exactly two digits for each byte. Returns false for any other text; then nothing
// may be read from `bytes`.
bool from_hex(std::string_view text, std::span<std::byte> bytes);

}  // namespace xaas
