// See names.h.
#include "mkimage/discover/names.h"

#include <algorithm>

namespace xaas {
namespace {

bool is_small(char c) { return c >= 'a' && c <= 'z'; }
bool is_capital(char c) { return c >= 'A' && c <= 'Z'; }
bool is_word_part(char c) { return is_small(c) || is_capital(c) || (c >= '0' && c <= '9'); }

}  // namespace

std::string upper(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(),
                         [](char c) { return is_small(c) ? static_cast<char>(c - 'a' + 'A') : c; });
  return result;
}

std::string lower_case(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(),
                         [](char c) { return is_capital(c) ? static_cast<char>(c - 'A' + 'a') : c; });
  return result;
}

std::vector<std::string> name_words(std::string_view name) {
  std::vector<std::string> words;
  std::string word;
  for (const char c : name) {
    if (is_word_part(c)) {
      word += c;
    } else if (c == '+' && !word.empty()) {
      word += 'P';
    } else if (!word.empty()) {
      words.push_back(upper(word));
      word.clear();
    }
  }
  if (!word.empty()) words.push_back(upper(word));
  return words;
}

std::string joined_words(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : "_") + word;
  return text;
}

std::string squeezed(std::string_view joined_words) {
  std::string text(joined_words);
  std::erase(text, '_');
  return text;
}

std::string_view without_blanks(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

bool is_identifier(std::string_view text) {
  if (text.empty() || (text.front() >= '0' && text.front() <= '9')) return false;
  return std::ranges::all_of(text, [](char c) { return is_word_part(c) || c == '_'; });
}

}  // namespace xaas
