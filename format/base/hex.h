// Bytes as lower-case hex digits.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace xaas {

// Two digits a byte.
std::string to_hex(std::span<const std::byte> bytes);
std::string to_hex(std::string_view bytes);

// Whether `text` consists of such digits alone.
bool is_hex(std::string_view text);

// The bytes of exactly two digits each; false, and nothing is to be read from `bytes`, when `text` is anything else.
bool from_hex(std::string_view text, std::span<std::byte> bytes);

}  // namespace xaas
