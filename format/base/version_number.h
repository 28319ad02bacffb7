// Version numbers in what programs print and users ask for: "12.2.0".
#pragma once

#include <string>
#include <string_view>

namespace xaas {

// The digits and points at the beginning of `text`, without a point at the end.
std::string_view leading_version(std::string_view text);

// The first number with a point in `text`, such as "12.2.0" in "gcc (Debian 12.2.0-14) 12.2.0"; empty if there is none.
std::string first_version(std::string_view text);

// Whether a version is `least` or newer, number by number. Missing numbers are 0, so "12" is at least "12.0".
bool is_at_least(std::string_view version, std::string_view least);

}  // namespace xaas
