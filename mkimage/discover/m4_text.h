// The language of macros m4, as far as configure scripts need it: quotes, comments, and calls with arguments.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace xaas {

// Whether the character can be part of the name of a macro.
bool is_macro_part(char c);

// A call of a macro, or its name without arguments.
struct MacroCall {
  std::string name;
  std::vector<std::string> arguments;
  std::size_t at = 0;   // in the text
  std::size_t end = 0;  // behind it
};

// The text without any of the quotes `[` and `]`.
std::string without_brackets(std::string_view text);

// The text with the characters that quadrigraphs stand for: `@<:@` is `[`.
std::string without_quadrigraphs(std::string text);

// Reads "(a, [b], c)" that begins at `at`, and moves `at` behind it. Of each argument, one pair of quotes is taken
// away. Nullopt if it does not end.
std::optional<std::vector<std::string>> take_m4_arguments(std::string_view text, std::size_t& at);

// Replaces comments by blanks, so that places stay: `dnl`, and lines that begin with '#'.
std::string without_m4_comments(std::string text);

// The text with `word` in place of each `name` that stands alone.
std::string with_word_replaced(std::string_view text, std::string_view name, std::string_view word);

// The text with the results of m4_tolower, m4_toupper, m4_bpatsubst, m4_translit, m4_case, m4_if, m4_ifblank and
// m4_ifval in place of their calls. A pattern is taken for the text that it is.
std::string evaluated_m4(std::string_view text);

// Calls `visit` with each call of a macro by one of these names; arguments of other calls are looked through by whoever
// visits. `is_macro` says whether a word is a macro.
void for_each_macro(std::string_view text, const auto& is_macro, const auto& visit) {
  constexpr int kMaxOpenCalls = 20;  // each is looked through to the end of the text
  int open_calls = 0;
  for (std::size_t i = 0; i < text.size();) {
    if (!is_macro_part(text[i])) {
      ++i;
      continue;
    }
    std::size_t end = i;
    while (end < text.size() && is_macro_part(text[end])) ++end;
    MacroCall call{std::string(text.substr(i, end - i)), {}, i, end};
    i = end;
    if (!is_macro(call.name)) continue;
    if (end < text.size() && text[end] == '(' && open_calls < kMaxOpenCalls) {
      std::size_t behind = end;
      auto arguments = take_m4_arguments(text, behind);
      if (arguments) {
        call.arguments = std::move(*arguments);
        call.end = i = behind;
      } else {
        ++open_calls;
      }
    }
    visit(call);
  }
}

}  // namespace xaas
