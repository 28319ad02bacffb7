// Fixed-width little-endian integers in byte buffers, for the binary parts of the format. Independent of the byte order
// of the host.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace xaas {

// REQUIRES: offset + sizeof(T) <= bytes.size().
template <std::unsigned_integral T>
T load_le(std::span<const std::byte> bytes, std::size_t offset) {
  T value = 0;
  for (std::size_t i = sizeof(T); i-- > 0;) {
    value = static_cast<T>(std::uint64_t{value} << 8 | std::to_integer<std::uint64_t>(bytes[offset + i]));
  }
  return value;
}

template <std::unsigned_integral T>
void append_le(std::string& bytes, T value) {
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    bytes += static_cast<char>(value & 0xff);
    value = static_cast<T>(std::uint64_t{value} >> 8);
  }
}

}  // namespace xaas
