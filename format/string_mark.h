// The mark that the compiler's plugin writes behind a string that may be shortened when the prefix is replaced. It has
// a header of its own, because the plugin links none of our libraries. Implements spec/image-format.md, "Prefix".
#pragma once

#include <cstddef>
#include <string_view>

namespace xaas {

// The mark stands directly behind the NUL of the string. So programs never see it, and copies of the string never carry
// it. Text, compressed data and encrypted data do not have it behind a placeholder and a NUL by accident.
inline constexpr std::string_view kStringMark =
    "\xff"
    "XA\x01"
    "AS\x01\xff";

// The most bytes that such a string has behind the placeholder.
inline constexpr std::size_t kMaxTail = 4096;

}  // namespace xaas
