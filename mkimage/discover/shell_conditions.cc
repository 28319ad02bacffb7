// See shell_conditions.h.
#include "mkimage/discover/shell_conditions.h"

#include <algorithm>
#include <utility>

#include "format/base/split.h"
#include "mkimage/discover/build_description.h"
#include "mkimage/discover/m4_text.h"
#include "mkimage/discover/names.h"

namespace xaas {
namespace {

constexpr std::size_t kMaxKept = 20;
constexpr std::size_t kLongestTest = 200;
constexpr std::size_t kLongestLine = 1000;  // in which an assignment is looked for

bool is_shell_word_part(char c) { return is_macro_part(c) || c == '-' || c == '$'; }

// Whether a word begins a command, and is not one of a sentence: "defined if it is used".
bool is_command(std::string_view text, std::size_t at) {
  const std::size_t last = at == 0 ? std::string_view::npos : text.find_last_not_of(" \t", at - 1);
  if (last == std::string_view::npos || !is_shell_word_part(text[last])) {
    return last == std::string_view::npos || std::string_view("\n;&|([").find(text[last]) != std::string_view::npos;
  }
  std::size_t begin = last;
  while (begin > 0 && is_shell_word_part(text[begin - 1])) --begin;
  const std::string_view word = text.substr(begin, last + 1 - begin);
  return word == "then" || word == "else" || word == "do";
}

// Whether the text before a word, in its line, assigns: `LIBS="$LIBS `.
bool is_in_assignment(std::string_view text, std::size_t at) {
  text = text.substr(0, at);
  if (text.size() > kLongestLine) text.remove_prefix(text.size() - kLongestLine);
  const std::string_view before = without_blanks(text.substr(text.rfind('\n') + 1));
  const std::size_t equals = before.find('=');
  if (equals == std::string_view::npos) return false;
  std::string_view name = before.substr(0, equals);
  if (name.ends_with('+')) name.remove_suffix(1);
  return is_identifier(name) && before.find(';') == std::string_view::npos;
}

}  // namespace

void ShellConditions::add(std::string variable) {
  if (asked.size() < kMaxKept && deeper == 0) return asked.push_back(std::move(variable));
  ++deeper;
}

void ShellConditions::remove() {
  if (deeper > 0) return void(--deeper);
  if (!asked.empty()) asked.pop_back();
}

std::string asked_variable(std::string_view test) {
  if (test.size() > kLongestTest) return "";
  std::string plain;
  for (const char c : test) {
    if (std::string_view("\"'{}[];").find(c) == std::string_view::npos) plain += c == '\n' || c == '\t' ? ' ' : c;
  }
  std::vector<std::string> words;
  for (const std::string_view word : split(plain, ' ')) {
    if (!word.empty() && word != "test") words.emplace_back(word);
  }
  if (words.size() != 3) return "";
  const std::size_t dollar = words[0].find('$');
  const std::string variable = dollar == std::string::npos ? "" : words[0].substr(dollar + 1);
  // "x" in "x$y" and "xyes" keeps the test whole if the variable is empty.
  if (!is_identifier(variable) || !words[2].starts_with(words[0].substr(0, dollar))) return "";
  const std::string value = words[2].substr(dollar);
  const bool asks_for_yes = (words[1] == "=" || words[1] == "==") && is_on(value);
  return asks_for_yes || (words[1] == "!=" && is_off(value)) ? variable : "";
}

void follow_shell(std::string_view text, std::size_t least, ShellConditions& conditions, const LinkedLibrary& link) {
  std::size_t lines = 0;
  std::size_t test = std::string_view::npos;  // where the test of an `if` begins
  for (std::size_t begin = 0; begin < text.size();) {
    if (!is_shell_word_part(text[begin])) {
      if (text[begin++] == '\n') ++lines;
      continue;
    }
    std::size_t end = begin;
    while (end < text.size() && is_shell_word_part(text[end])) ++end;
    const std::string_view word = text.substr(begin, end - begin);
    const bool opens = (word == "if" || word == "case") && is_command(text, begin);
    if (opens) conditions.add("");
    if (opens && word == "if") test = end;
    if ((word == "else" || word == "elif") && conditions.deeper == 0 && conditions.count() > least)
      conditions.asked.back().clear();
    if (word == "then" && test != std::string_view::npos && conditions.deeper == 0 && conditions.count() > least)
      conditions.asked.back() = asked_variable(text.substr(test, begin - test));
    if (word == "then" || word == "elif") test = std::string_view::npos;
    if ((word == "fi" || word == "esac") && conditions.count() > least) conditions.remove();
    if (word.starts_with("-l") && is_in_assignment(text, begin)) link(word.substr(2), lines, conditions);
    begin = end;
  }
}

}  // namespace xaas
