// What the compiler's plugin writes behind a string that may be shortened when the prefix is replaced. A header of its
// own, because the plugin links nothing of ours. Implements spec/image-format.md, "Prefix".
#pragma once

#include <cstddef>
#include <string_view>

namespace xaas {

// Directly behind the NUL of the string, so that programs never see it and copies of the string never carry it. No text
// and no compressed or encrypted data has it behind a placeholder and a NUL by accident.
inline constexpr std::string_view kStringMark =
    "\xff"
    "XA\x01"
    "AS\x01\xff";

// The most bytes that such a string has behind the placeholder.
inline constexpr std::size_t kMaxTail = 4096;

}  // namespace xaas
