// Text that others wrote: whether it is UTF-8, how to show it to people, what size it says.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace xaas {

bool is_utf8(std::string_view text);

// `text` fit for a terminal, on one line: control characters (C1 too), backslashes and what is not UTF-8 become \ooo.
std::string printable(std::string_view text);

// At most `bytes` of UTF-8 text, with "…" behind them where there is more; no character is divided.
std::string shortened(std::string_view text, std::size_t bytes);

// "20G", "512M", "1000000"; powers of 1024. Nullopt for anything else.
std::optional<std::uint64_t> parse_bytes(std::string_view text);

}  // namespace xaas
