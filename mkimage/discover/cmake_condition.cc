// See cmake_condition.h, and "Condition Syntax" in cmake-commands(7).
#include "mkimage/discover/cmake_condition.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <map>

#include "mkimage/discover/cmake_regex.h"

namespace xaas {
namespace {

constexpr std::size_t kMaxParentheses = 200;

// A part of the condition that is decided already, or a word.
struct Operand {
  ConditionWord word;
  std::optional<Truth> decided;
};

std::optional<double> number_of(const std::string& text) {
  if (text.empty() || text.size() > 100) return std::nullopt;
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  return *end == '\0' && std::isfinite(value) ? std::optional(value) : std::nullopt;
}

int sign_of(int value) { return (value > 0) - (value < 0); }

// The order of two texts as `comparison` sees them; nullopt if they have none.
std::optional<int> order_of(std::string_view comparison, const std::string& a, const std::string& b) {
  if (comparison.starts_with("VERSION_")) return compare_versions(a, b);
  if (comparison.starts_with("STR")) return sign_of(a.compare(b));
  const auto left = number_of(a);
  const auto right = number_of(b);
  if (!left || !right) return std::nullopt;
  return (*left > *right) - (*left < *right);
}

// Whether `comparison` holds for operands in this order.
std::optional<bool> holds(std::string_view comparison, int order) {
  const auto ends = [&](std::string_view end) { return comparison.ends_with(end); };
  if (ends("LESS_EQUAL")) return order <= 0;
  if (ends("GREATER_EQUAL")) return order >= 0;
  if (ends("LESS")) return order < 0;
  if (ends("GREATER")) return order > 0;
  if (ends("EQUAL")) return order == 0;
  return std::nullopt;
}

class Decider {
 public:
  Decider(const std::vector<ConditionWord>& words, const ConditionFacts& facts) : words_(words), facts_(facts) {}

  Truth decide() {
    const Truth result = decide_group(0);
    return at_ == words_.size() ? result : Truth::unknown;
  }

 private:
  bool at_keyword(std::string_view keyword) const {
    return at_ < words_.size() && !words_[at_].is_quoted && words_[at_].text == keyword;
  }

  // Reads up to the closing parenthesis, or to the end.
  Truth decide_group(std::size_t depth) {
    std::vector<Operand> operands;
    while (at_ < words_.size() && !at_keyword(")")) {
      if (!at_keyword("(")) {
        operands.push_back({words_[at_++], std::nullopt});
        continue;
      }
      if (depth >= kMaxParentheses) return at_ = words_.size(), Truth::unknown;
      ++at_;
      operands.push_back({{}, decide_group(depth + 1)});
      if (at_keyword(")")) ++at_;
    }
    return decide_operands(operands);
  }

  Truth decide_operands(std::vector<Operand> operands) {
    if (operands.empty()) return Truth::no;
    reduce_tests(operands);
    reduce_comparisons(operands);
    reduce_not(operands);
    reduce_pairs(operands, "AND", both);
    reduce_pairs(operands, "OR", either);
    return operands.size() == 1 ? truth(operands.front()) : Truth::unknown;
  }

  static bool is_word(const Operand& operand, std::string_view text) {
    return !operand.decided && !operand.word.is_quoted && operand.word.text == text;
  }

  // The value of an operand of a comparison: of the variable of that name, or else the text.
  std::string value_of(const Operand& operand) const {
    if (operand.word.is_quoted || !is_known(operand.word.text)) return operand.word.text;
    const auto value = facts_.variable(operand.word.text);
    return value ? *value : operand.word.text;
  }

  Truth truth(const Operand& operand) const {
    if (operand.decided) return *operand.decided;
    const std::string& text = operand.word.text;
    if (!is_known(text)) return Truth::unknown;
    if (const auto constant = constant_truth(text)) return truth_of(*constant);
    if (operand.word.is_quoted) return Truth::no;
    const auto value = facts_.variable(text);
    if (!value) return facts_.asked_unset(text), Truth::no;
    if (!is_known(*value)) return Truth::unknown;
    return truth_of(constant_truth(*value).value_or(true));
  }

  std::optional<Truth> test(const std::string& name, const Operand& operand) const {
    const std::string& text = operand.word.text;
    const auto ask = [&](const auto& fact) { return is_known(text) ? fact(text) : Truth::unknown; };
    if (name == "DEFINED") return ask([&](const std::string& variable) { return defined(variable); });
    if (name == "EXISTS") return ask(facts_.exists);
    if (name == "IS_DIRECTORY") return ask(facts_.is_directory);
    if (name == "IS_ABSOLUTE") return ask([](const std::string& path) { return truth_of(path.starts_with('/')); });
    if (name == "COMMAND") return ask(facts_.is_command);
    if (name == "TARGET") return ask(facts_.is_target);
    if (name == "POLICY") return Truth::yes;
    if (name == "IS_SYMLINK" || name == "TEST" || name == "IS_READABLE" || name == "IS_WRITABLE") return Truth::unknown;
    return std::nullopt;
  }
  Truth defined(const std::string& variable) const {
    if (variable.starts_with("ENV{")) return Truth::no;
    if (variable.starts_with("CACHE{") && variable.ends_with("}")) {
      return truth_of(facts_.variable(variable.substr(6, variable.size() - 7)).has_value());
    }
    return truth_of(facts_.variable(variable).has_value());
  }
  void reduce_tests(std::vector<Operand>& operands) const {
    std::vector<Operand> rest;
    for (std::size_t i = 0; i < operands.size(); ++i) {
      Operand& operand = operands[i];
      const bool is_test = !operand.decided && !operand.word.is_quoted && i + 1 < operands.size();
      const auto result = is_test ? test(operand.word.text, operands[i + 1]) : std::nullopt;
      if (result) {
        rest.push_back({{}, result});
        ++i;
      } else {
        rest.push_back(std::move(operand));
      }
    }
    operands = std::move(rest);
  }

  std::optional<Truth> compare(const Operand& left, const std::string& comparison, const Operand& right) const {
    if (comparison == "MATCHES") return matches(value_of(left), right.word.text);
    if (comparison == "IN_LIST") return is_element(value_of(left), right.word.text);
    if (comparison == "PATH_EQUAL") return equal_texts(value_of(left), value_of(right));
    if (!holds(comparison, 0)) return std::nullopt;
    const std::string a = value_of(left);
    const std::string b = value_of(right);
    if (!is_known(a) || !is_known(b)) return Truth::unknown;
    const auto order = order_of(comparison, a, b);
    return truth_of(order && *holds(comparison, *order));
  }
  static Truth equal_texts(const std::string& a, const std::string& b) {
    return is_known(a) && is_known(b) ? truth_of(a == b) : Truth::unknown;
  }
  Truth matches(const std::string& text, const std::string& pattern) const {
    if (!is_known(text) || !is_known(pattern)) return Truth::unknown;
    const auto groups = facts_.may_spend(regex_work(pattern, text)) ? regex_groups(pattern, text) : std::nullopt;
    if (!groups) return Truth::unknown;
    if (groups->empty()) return Truth::no;
    facts_.matched(*groups);
    return Truth::yes;
  }
  Truth is_element(const std::string& element, const std::string& list) const {
    if (!is_known(element) || !is_known(list)) return Truth::unknown;
    const auto value = facts_.variable(list);
    if (!value) return Truth::no;
    if (!facts_.may_spend(value->size())) return Truth::unknown;
    const std::vector<std::string> elements = list_elements(*value);
    if (std::ranges::find(elements, element) != elements.end()) return Truth::yes;
    return is_known(*value) ? Truth::no : Truth::unknown;
  }
  void reduce_comparisons(std::vector<Operand>& operands) const {
    for (std::size_t i = 0; i + 2 < operands.size();) {
      const Operand& word = operands[i + 1];
      const bool is_candidate =
          !word.decided && !word.word.is_quoted && !operands[i].decided && !operands[i + 2].decided;
      const auto result = is_candidate ? compare(operands[i], word.word.text, operands[i + 2]) : std::nullopt;
      if (!result) {
        ++i;
        continue;
      }
      operands[i] = {{}, result};
      operands.erase(operands.begin() + i + 1, operands.begin() + i + 3);
    }
  }
  void reduce_not(std::vector<Operand>& operands) const {
    for (std::size_t i = operands.size(); i-- > 0;) {
      if (!is_word(operands[i], "NOT") || i + 1 >= operands.size()) continue;
      operands[i] = {{}, !truth(operands[i + 1])};
      operands.erase(operands.begin() + i + 1);
    }
  }
  void reduce_pairs(std::vector<Operand>& operands, std::string_view keyword, Truth (*combine)(Truth, Truth)) const {
    for (std::size_t i = 0; i + 2 < operands.size();) {
      if (!is_word(operands[i + 1], keyword)) {
        ++i;
        continue;
      }
      operands[i] = {{}, combine(truth(operands[i]), truth(operands[i + 2]))};
      operands.erase(operands.begin() + i + 1, operands.begin() + i + 3);
    }
  }

  const std::vector<ConditionWord>& words_;
  const ConditionFacts& facts_;
  std::size_t at_ = 0;
};

}  // namespace

Truth evaluate_condition(const std::vector<ConditionWord>& words, const ConditionFacts& facts) {
  constexpr std::size_t kMaxConditionWords = 1000;  // reducing takes quadratic time
  if (words.size() > kMaxConditionWords) return Truth::unknown;
  return Decider(words, facts).decide();
}

int compare_versions(std::string_view a, std::string_view b) {
  const auto take_number = [](std::string_view& text) {
    unsigned long long number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (text.starts_with('.')) {
      text.remove_prefix(1);
    } else {
      text = {};
    }
    return number;
  };
  while (!a.empty() || !b.empty()) {
    const auto left = take_number(a);
    const auto right = take_number(b);
    if (left != right) return left < right ? -1 : 1;
  }
  return 0;
}

}  // namespace xaas
