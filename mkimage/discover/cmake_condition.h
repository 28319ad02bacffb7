// The conditions of if() and while(), decided as far as they can be without running the build.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mkimage/discover/cmake_values.h"

namespace xaas {

struct ConditionWord {
  std::string text;
  bool is_quoted = false;  // then it is neither a keyword nor the name of a variable
};

// What a condition may ask for beside its words.
struct ConditionFacts {
  std::function<std::optional<std::string>(const std::string& name)> variable;
  std::function<Truth(const std::string& path)> exists;
  std::function<Truth(const std::string& path)> is_directory;
  std::function<Truth(const std::string& name)> is_command;
  std::function<Truth(const std::string& name)> is_target;
  std::function<void(const std::vector<std::string>& groups)> matched;  // takes CMAKE_MATCH_<n>
  std::function<bool(std::size_t work)> may_spend;  // whether an expression may be tried that takes so much work
  std::function<void(const std::string& name)> asked_unset;  // a variable without a value decided
};

// Parentheses, then tests of one operand, then comparisons, then NOT, AND, OR. Unknown for what depends on the host,
// and for what is no condition.
Truth evaluate_condition(const std::vector<ConditionWord>& words, const ConditionFacts& facts);

// Compares versions component by component, as VERSION_LESS does: -1, 0 or 1.
int compare_versions(std::string_view a, std::string_view b);

}  // namespace xaas
