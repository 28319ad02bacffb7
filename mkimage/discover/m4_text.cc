// See m4_text.h.
#include "mkimage/discover/m4_text.h"

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <utility>

#include "mkimage/discover/names.h"

namespace xaas {
namespace {

constexpr int kMaxEvaluations = 12;
constexpr std::size_t kMaxEvaluated = 64ULL << 10;

// The text without one pair of quotes around it.
std::string_view unquoted(std::string_view text) {
  text = without_blanks(text);
  if (text.size() < 2 || text.front() != '[' || text.back() != ']') return text;
  int depth = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '[') ++depth;
    if (text[i] == ']' && --depth == 0 && i + 1 < text.size()) return text;
  }
  return text.substr(1, text.size() - 2);
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  for (std::size_t at = 0; !from.empty() && text.size() < kMaxEvaluated;) {
    at = text.find(from, at);
    if (at == std::string::npos) break;
    text.replace(at, from.size(), to);
    at += to.size();
  }
  return text;
}

using Arguments = std::vector<std::string>;
const std::string& at(const Arguments& arguments, std::size_t index) {
  static const std::string kNothing;
  return index < arguments.size() ? arguments[index] : kNothing;
}
bool is_blank(const std::string& text) { return without_blanks(without_brackets(text)).empty(); }

// m4_case(text, value, result, …, else), and m4_if, which has a text for each value.
std::string chosen(const Arguments& arguments, std::size_t first, std::size_t step) {
  std::size_t i = first;
  for (; i + 1 < arguments.size(); i += step) {
    const std::string& text = step == 2 ? arguments[0] : arguments[i - 1];
    if (without_brackets(text) == without_brackets(arguments[i])) return arguments[i + 1];
  }
  const std::size_t otherwise = step == 2 ? i : i - 1;
  return at(arguments, otherwise);
}

const std::map<std::string_view, std::function<std::string(const Arguments&)>>& functions() {
  static const std::map<std::string_view, std::function<std::string(const Arguments&)>> kFunctions = {
      {"m4_tolower", [](const Arguments& all) { return lower_case(at(all, 0)); }},
      {"m4_toupper", [](const Arguments& all) { return upper(at(all, 0)); }},
      {"m4_bpatsubst",
       [](const Arguments& all) { return replaced(at(all, 0), without_brackets(at(all, 1)), at(all, 2)); }},
      {"m4_translit",
       [](const Arguments& all) {
         const std::string from = without_brackets(at(all, 1));
         const std::string to = without_brackets(at(all, 2));
         return from.size() == 1 && to.size() == 1 ? replaced(at(all, 0), from, to) : at(all, 0);
       }},
      {"m4_case", [](const Arguments& all) { return chosen(all, 1, 2); }},
      {"m4_if", [](const Arguments& all) { return chosen(all, 1, 3); }},
      {"ifelse", [](const Arguments& all) { return chosen(all, 1, 3); }},
      {"m4_ifblank", [](const Arguments& all) { return is_blank(at(all, 0)) ? at(all, 1) : at(all, 2); }},
      {"m4_ifval", [](const Arguments& all) { return is_blank(at(all, 0)) ? at(all, 2) : at(all, 1); }},
  };
  return kFunctions;
}

std::string evaluated_at(std::string_view text, int depth) {
  std::string result;
  const auto is_function = [](const std::string& name) { return functions().contains(name); };
  std::size_t done = 0;
  for_each_macro(text, is_function, [&](const MacroCall& call) {
    if (call.arguments.empty() || depth >= kMaxEvaluations || result.size() > kMaxEvaluated) return;
    result += text.substr(done, call.at - done);
    Arguments arguments;
    for (const std::string& argument : call.arguments) arguments.push_back(evaluated_at(argument, depth + 1));
    result += functions().at(call.name)(arguments);
    done = call.end;
  });
  return result + std::string(text.substr(done));
}

}  // namespace

bool is_macro_part(char c) { return is_identifier(std::string("_") + c); }

std::string without_brackets(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c != '[' && c != ']') result += c;
  }
  return result;
}

std::string without_quadrigraphs(std::string text) {
  constexpr auto kQuadrigraphs = std::to_array<std::pair<std::string_view, std::string_view>>(
      {{"@<:@", "["}, {"@:>@", "]"}, {"@S|@", "$"}, {"@%:@", "#"}, {"@{:@", "("}, {"@:}@", ")"}, {"@&t@", ""}});
  for (const auto& [quadrigraph, character] : kQuadrigraphs) {
    for (std::size_t at = text.find(quadrigraph); at != std::string::npos; at = text.find(quadrigraph, at))
      text.replace(at, quadrigraph.size(), character);
  }
  return text;
}

std::optional<std::vector<std::string>> take_m4_arguments(std::string_view text, std::size_t& at) {
  std::vector<std::string> arguments;
  std::size_t begin = at + 1;
  int parentheses = 0;
  int brackets = 0;
  const auto add = [&](std::size_t end) { arguments.emplace_back(unquoted(text.substr(begin, end - begin))); };
  for (std::size_t i = begin; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '[') ++brackets;
    if (c == ']') --brackets;
    if (brackets > 0) continue;
    if (c == '(') ++parentheses;
    if (c == ')' && parentheses-- == 0) {
      add(i);
      at = i + 1;
      return arguments;
    }
    if (c == ',' && parentheses == 0) {
      add(i);
      begin = i + 1;
    }
  }
  return std::nullopt;
}

std::string without_m4_comments(std::string text) {
  bool is_line_start = true;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_dnl = text.compare(i, 3, "dnl") == 0 && (i == 0 || !is_macro_part(text[i - 1])) &&
                        (i + 3 >= text.size() || !is_macro_part(text[i + 3]));
    if (is_dnl || (is_line_start && text[i] == '#')) {
      while (i < text.size() && text[i] != '\n') text[i++] = ' ';
    }
    if (i < text.size() && text[i] == '\n')
      is_line_start = true;
    else if (i < text.size() && text[i] != ' ' && text[i] != '\t')
      is_line_start = false;
  }
  return text;
}

std::string with_word_replaced(std::string_view text, std::string_view name, std::string_view word) {
  std::string result;
  for (std::size_t i = 0; i < text.size();) {
    if (!is_macro_part(text[i])) {
      result += text[i++];
      continue;
    }
    std::size_t end = i;
    while (end < text.size() && is_macro_part(text[end])) ++end;
    const std::string_view found = text.substr(i, end - i);
    result += found == name ? word : found;
    i = end;
  }
  return result;
}

std::string evaluated_m4(std::string_view text) { return evaluated_at(text, 0); }

}  // namespace xaas
