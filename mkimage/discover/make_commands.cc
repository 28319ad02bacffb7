// See make_commands.h.
#include "mkimage/discover/make_commands.h"

#include <cstddef>

#include "mkimage/discover/names.h"

namespace xaas {
namespace {

// Words end at blanks and at what separates commands; "$(MAKE)" is one word.
std::vector<std::string> words_of(std::string_view command) {
  std::vector<std::string> words(1);
  std::size_t references = 0;  // "$(" that are open
  for (std::size_t i = 0; i < command.size(); ++i) {
    const char c = command[i];
    const bool opens = c == '(' && i > 0 && command[i - 1] == '$';
    const bool closes = c == ')' && references > 0;
    if (opens) ++references;
    if (closes) --references;
    const bool separates = !opens && !closes && std::string_view(" \t;()&|@\"").find(c) != std::string_view::npos;
    if (!separates) {
      words.back() += c;
    } else if (!words.back().empty()) {
      words.emplace_back();
    }
  }
  if (words.back().empty()) words.pop_back();
  return words;
}

bool calls_make(const std::vector<std::string>& words) {
  for (const std::string& word : words) {
    if (word == "make" || word == "gmake" || word == "$(MAKE)" || word == "${MAKE}") return true;
  }
  return false;
}

}  // namespace

std::vector<std::string> directories_of_make(std::string_view command) {
  const std::vector<std::string> words = words_of(command);
  std::vector<std::string> directories;
  if (!calls_make(words)) return directories;
  std::vector<std::string> looped;  // what a `for` goes through
  bool is_list = false;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] == "do") is_list = false;
    if (is_list) looped.push_back(words[i]);
    if (words[i] == "in" && i >= 2 && words[i - 2] == "for") {
      looped.clear();
      is_list = true;
    }
    const bool names_next = (words[i] == "-C" || words[i] == "cd") && i + 1 < words.size();
    if (!names_next) continue;
    const std::string& directory = words[i + 1];
    if (directory.starts_with("$$")) {
      directories.insert(directories.end(), looped.begin(), looped.end());
    } else {
      directories.push_back(directory);
    }
  }
  return directories;
}

}  // namespace xaas
