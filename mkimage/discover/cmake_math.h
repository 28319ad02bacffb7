// The integers of CMake's math(EXPR).
#pragma once

#include <optional>
#include <string_view>

namespace xaas {

// The value of an expression of integers with + - * / % and parentheses. Nullopt for anything else: other operators,
// a division by zero, a text that is not known, a result that has more than fifteen digits.
std::optional<long long> integer_expression(std::string_view text);

}  // namespace xaas
