// GNU quoting and expansion of @file; see response_file.h.
#include "mkimage/compiler/response_file.h"

#include "format/base/file.h"

namespace xaas {
namespace {

constexpr int kMaxDepth = 10;
constexpr std::uint64_t kMaxSize = 64ULL << 20;

void expand(const std::vector<std::string>& arguments, int depth, std::vector<std::string>& into) {
  for (const std::string& argument : arguments) {
    if (argument.size() > 1 && argument.starts_with('@') && depth < kMaxDepth) {
      if (const auto text = read_file(argument.substr(1), kMaxSize)) {
        expand(split_arguments(*text), depth + 1, into);
        continue;
      }
    }
    into.push_back(argument);
  }
}

}  // namespace

// This does not use LLVM's tokenizer, which drops an empty word ("") that another one follows. GNU's linkers and GCC
// keep it.
std::vector<std::string> split_arguments(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  bool in_word = false;
  char quote = '\0';
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool is_space = c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\v' || c == '\f';
    if (quote == '\0' && is_space) {
      if (in_word) words.push_back(std::move(word));
      word.clear();
      in_word = false;
      continue;
    }
    in_word = true;
    if (c == '\\' && i + 1 < text.size()) {
      word += text[++i];
    } else if (quote == '\0' && (c == '"' || c == '\'')) {
      quote = c;
    } else if (quote != '\0' && c == quote) {
      quote = '\0';
    } else {
      word += c;
    }
  }
  if (in_word) words.push_back(std::move(word));
  return words;
}

std::vector<std::string> expand_response_files(const std::vector<std::string>& arguments) {
  std::vector<std::string> expanded;
  expand(arguments, 0, expanded);
  return expanded;
}

std::string to_response_file(const std::vector<std::string>& arguments) {
  std::string text;
  for (const std::string& argument : arguments) {
    if (argument.empty()) text += "\"\"";
    for (const char c : argument) {
      const bool is_plain = std::string_view(" \t\n\r\v\f\\\"'").find(c) == std::string_view::npos;
      text += is_plain ? std::string(1, c) : std::string{'\\', c};
    }
    text += '\n';
  }
  return text;
}

}  // namespace xaas
