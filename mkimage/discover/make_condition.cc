// See make_condition.h.
#include "mkimage/discover/make_condition.h"

#include <algorithm>
#include <utility>

#include "format/base/split.h"
#include "mkimage/discover/names.h"

namespace xaas {
namespace {

constexpr std::size_t kLongestFunction = 1000;
constexpr std::size_t kLongestArgument = 100;

using Operands = std::pair<std::string, std::string>;

// Divides at the first comma that no parenthesis is around.
std::optional<Operands> divided(std::string_view text) {
  int depth = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '(' || text[i] == '{') ++depth;
    if (text[i] == ')' || text[i] == '}') --depth;
    if (text[i] != ',' || depth != 0) continue;
    return Operands(without_blanks(text.substr(0, i)), without_blanks(text.substr(i + 1)));
  }
  return std::nullopt;
}

// The two operands of ifeq: "(a,b)", or "a" "b".
Operands operands_of(std::string_view text) {
  text = without_blanks(text);
  if (text.starts_with('(') && text.ends_with(')')) {
    return divided(text.substr(1, text.size() - 2)).value_or(Operands());
  }
  if (text.size() < 2) return {};
  const std::size_t end = text.find(text[0], 1);
  if (end == std::string_view::npos) return {};
  std::string_view second = without_blanks(text.substr(end + 1));
  if (second.size() >= 2) second = second.substr(1, second.size() - 2);
  return {std::string(text.substr(1, end - 1)), std::string(second)};
}

// What is in "$(…)" or "${…}"; "" for anything else.
std::string_view inside_of(std::string_view text) {
  text = without_blanks(text);
  const bool is_reference = text.size() > 3 && text[0] == '$' &&
                            ((text[1] == '(' && text.back() == ')') || (text[1] == '{' && text.back() == '}'));
  return is_reference ? without_blanks(text.substr(2, text.size() - 3)) : std::string_view();
}

// "a" and "X" in "$(findstring a,$(X))"; the words of `filter` are several.
std::optional<MakeCondition> search_in(std::string_view text) {
  const std::string_view inside = inside_of(text);
  for (const std::string_view function : {"findstring ", "filter "}) {
    const auto operands = inside.starts_with(function) ? divided(inside.substr(function.size())) : std::nullopt;
    std::string variable = operands ? variable_in(operands->second) : "";
    if (variable.empty()) continue;
    MakeCondition found{std::move(variable), {}, true, false};
    for (const std::string_view word : split(operands->first, ' ')) {
      if (!word.empty()) found.values.emplace_back(word);
    }
    return found;
  }
  return std::nullopt;
}

// The body of a function that a makefile defines, with its argument: "$(findstring x,$(X))" for "$(call asks,x)".
std::string called_body(std::string_view text, const std::function<std::string(const std::string&)>& value_of) {
  const std::string_view inside = inside_of(text);
  const auto operands = inside.starts_with("call ") ? divided(inside.substr(5)) : std::nullopt;
  if (!operands || operands->second.find_first_of("$,") != std::string::npos) return "";
  std::string body = value_of(operands->first);
  if (body.size() > kLongestFunction || operands->second.size() > kLongestArgument) return "";
  body.erase(std::min(body.find("$(eval "), body.size()));  // which gives nothing
  for (std::size_t at = body.find("$(1)"); at != std::string::npos; at = body.find("$(1)", at)) {
    body.replace(at, 4, operands->second);
    at += operands->second.size();
  }
  return body;
}

}  // namespace

std::string variable_in(std::string_view text) {
  const std::string_view inside = inside_of(text);
  if (inside.starts_with("strip ")) return variable_in(inside.substr(6));
  return is_identifier(inside) ? std::string(inside) : "";
}

std::optional<MakeCondition> read_make_condition(std::string_view text,
                                                 const std::function<std::string(const std::string&)>& value_of) {
  const std::string_view word = text.substr(0, text.find_first_of(" \t("));
  if (word == "ifdef" || word == "ifndef") {
    std::string name(without_blanks(text.substr(word.size())));
    if (!is_identifier(name)) return std::nullopt;
    return MakeCondition{std::move(name), {}, false, word == "ifdef"};
  }
  if (word != "ifeq" && word != "ifneq") return std::nullopt;
  const auto [left, right] = operands_of(text.substr(word.size()));
  for (const auto& [asked, value] : {std::pair(left, right), std::pair(right, left)}) {
    const bool is_for_none = value.empty();
    std::string variable = variable_in(asked);
    if (!variable.empty()) {
      MakeCondition found{std::move(variable), {}, false, (word == "ifeq") != is_for_none};
      if (!is_for_none) found.values.push_back(value);
      return found;
    }
    auto search = search_in(asked);
    if (!search) search = search_in(called_body(asked, value_of));
    if (search) {
      search->asks_for = (word == "ifeq") != is_for_none;
      return search;
    }
  }
  return std::nullopt;
}

}  // namespace xaas
