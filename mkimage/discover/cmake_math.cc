// See cmake_math.h.
#include "mkimage/discover/cmake_math.h"

#include <charconv>
#include <cstdlib>

namespace xaas {
namespace {

constexpr long long kMaxInteger = 1000000000000000;
constexpr int kMaxMathDepth = 50;

class IntegerExpression {
 public:
  explicit IntegerExpression(std::string_view text) : rest_(text) {}

  std::optional<long long> value() {
    const std::optional<long long> result = sum(0);
    skip_blanks();
    return rest_.empty() ? result : std::nullopt;
  }

 private:
  void skip_blanks() {
    while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\t')) rest_.remove_prefix(1);
  }
  // Takes the next character if it is one of `signs`; 0 if it is not.
  char take(std::string_view signs) {
    skip_blanks();
    if (rest_.empty() || signs.find(rest_.front()) == std::string_view::npos) return 0;
    const char sign = rest_.front();
    rest_.remove_prefix(1);
    return sign;
  }
  static std::optional<long long> applied(char sign, long long a, long long b) {
    if ((sign == '/' || sign == '%') && b == 0) return std::nullopt;
    // The product of more than fifteen digits may not fit.
    if (sign == '*' && a != 0 && std::llabs(b) > kMaxInteger / std::llabs(a)) return std::nullopt;
    const long long result = sign == '*'   ? a * b
                             : sign == '/' ? a / b
                             : sign == '%' ? a % b
                             : sign == '+' ? a + b
                                           : a - b;
    return std::llabs(result) > kMaxInteger ? std::nullopt : std::optional(result);
  }
  std::optional<long long> sum(int depth) {
    std::optional<long long> left = product(depth);
    while (left) {
      const char sign = take("+-");
      if (sign == 0) break;
      const std::optional<long long> right = product(depth);
      left = right ? applied(sign, *left, *right) : std::nullopt;
    }
    return left;
  }
  std::optional<long long> product(int depth) {
    std::optional<long long> left = factor(depth);
    while (left) {
      const char sign = take("*/%");
      if (sign == 0) break;
      const std::optional<long long> right = factor(depth);
      left = right ? applied(sign, *left, *right) : std::nullopt;
    }
    return left;
  }
  std::optional<long long> factor(int depth) {
    bool is_negative = false;
    while (const char sign = take("+-")) is_negative = is_negative != (sign == '-');
    std::optional<long long> result;
    if (take("(") != 0) {
      result = depth < kMaxMathDepth ? sum(depth + 1) : std::nullopt;
      if (take(")") == 0) return std::nullopt;
    } else {
      long long number = 0;
      const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), number);
      if (error != std::errc() || number > kMaxInteger) return std::nullopt;
      rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
      result = number;
    }
    return result && is_negative ? -*result : result;
  }

  std::string_view rest_;
};

}  // namespace

std::optional<long long> integer_expression(std::string_view text) { return IntegerExpression(text).value(); }

}  // namespace xaas
