// Text that others wrote: whether it is UTF-8 or fits a pattern, how to show it to people, and which size it states.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace xaas {

bool is_utf8(std::string_view text);

// Whether `word` is an element of `list`.
bool is_in(const auto& list, std::string_view word) { return std::ranges::find(list, word) != std::ranges::end(list); }

// Whether one of the patterns (fnmatch(3) without flags, so that `*` stands for any text) matches the whole `name`.
bool matches_any(const std::vector<std::string>& patterns, const std::string& name);

// `text` in a form fit for a terminal, on one line. Control characters (C1 too), backslashes and bytes that are not
// UTF-8 become \ooo.
std::string printable(std::string_view text);

// At most `bytes` bytes of UTF-8 text, with "…" behind them if there is more. No character is divided.
std::string shortened(std::string_view text, std::size_t bytes);

// A size for people: "512 B", "1.5 GiB".
std::string human_bytes(std::uint64_t bytes);

// Reads a size such as "20G", "512M" or "1000000"; units are powers of 1024. Nullopt for any other text.
std::optional<std::uint64_t> parse_bytes(std::string_view text);

}  // namespace xaas
