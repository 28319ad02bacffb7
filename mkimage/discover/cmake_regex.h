// CMake's regular expressions. Time is bounded, whatever the expression.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace xaas {

// An estimate of the work of one call, to be counted like bytes that are read.
std::size_t regex_work(const std::string& pattern, const std::string& text);

// The first match of `pattern` in `text`: all of it, then each group. Empty if there is none. Nullopt if the pattern is
// wrong, or if pattern or text is too long to be tried.
std::optional<std::vector<std::string>> regex_groups(const std::string& pattern, const std::string& text);
// All matches.
std::optional<std::vector<std::string>> regex_all(const std::string& pattern, const std::string& text);
// `text` with each match replaced. In `replacement`, \0 to \9 are groups.
std::optional<std::string> regex_replace(const std::string& pattern, const std::string& replacement,
                                         const std::string& text);

}  // namespace xaas
