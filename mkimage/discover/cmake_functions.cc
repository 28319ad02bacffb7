// See cmake_functions.h.
#include "mkimage/discover/cmake_functions.h"

#include <algorithm>
#include <charconv>
#include <functional>
#include <map>
#include <set>

#include "mkimage/discover/cmake_condition.h"
#include "mkimage/discover/cmake_math.h"
#include "mkimage/discover/cmake_regex.h"
#include "mkimage/discover/names.h"
#include "mkimage/discover/source_tree.h"

namespace xaas {
namespace {

using Words = std::vector<std::string>;

std::string concatenated(const Words& words, std::size_t from, std::string_view glue = "") {
  std::string text;
  for (std::size_t i = from; i < words.size(); ++i) text += (i == from ? "" : std::string(glue)) + words[i];
  return text;
}

std::optional<long long> integer_of(std::string_view text) {
  long long value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text.size() > 15) return std::nullopt;
  return value;
}

std::string replaced_text(std::string text, const std::string& from, const std::string& to) {
  if (from.empty()) return text;
  std::string result;
  std::size_t at = 0;
  for (std::size_t found; (found = text.find(from, at)) != std::string::npos; at = found + from.size()) {
    result.append(text, at, found - at).append(to);
  }
  return result.append(text, at);
}

// string(): each function gets the arguments behind the name of the operation and sets variables.
class StringCommand {
 public:
  StringCommand(const Words& words, CmakeVariables& variables) : words_(words), variables_(variables) {}

  void run() {
    const std::string operation = upper(at(0));
    const auto known = operations().find(operation);
    if (known != operations().end()) return known->second(*this);
    // Whatever else there is gives a text of the host, in the last argument that can be a variable.
    const auto last =
        std::find_if(words_.rbegin(), words_.rend(), [](const auto& word) { return is_identifier(word); });
    if (last != words_.rend()) set(*last, kUnknownValue);
  }

 private:
  using Operations = std::map<std::string_view, void (*)(StringCommand&)>;
  static const Operations& operations() {
    static const Operations kOperations = {
        {"TOUPPER", [](StringCommand& s) { s.set(s.at(2), upper(s.at(1))); }},
        {"TOLOWER", [](StringCommand& s) { s.set(s.at(2), lower_case(s.at(1))); }},
        {"STRIP", [](StringCommand& s) { s.set(s.at(2), std::string(without_blanks(s.at(1)))); }},
        {"LENGTH", [](StringCommand& s) { s.set_if_known(s.at(2), s.at(1), std::to_string(s.at(1).size())); }},
        {"CONCAT", [](StringCommand& s) { s.set(s.at(1), concatenated(s.words_, 2)); }},
        {"JOIN", [](StringCommand& s) { s.set(s.at(2), concatenated(s.words_, 3, s.at(1))); }},
        {"APPEND", [](StringCommand& s) { s.set(s.at(1), s.value(s.at(1)) + concatenated(s.words_, 2)); }},
        {"PREPEND", [](StringCommand& s) { s.set(s.at(1), concatenated(s.words_, 2) + s.value(s.at(1))); }},
        {"REPLACE",
         [](StringCommand& s) { s.set(s.at(3), replaced_text(concatenated(s.words_, 4), s.at(1), s.at(2))); }},
        {"MAKE_C_IDENTIFIER", [](StringCommand& s) { s.set(s.at(2), identifier(s.at(1))); }},
        {"SUBSTRING", [](StringCommand& s) { s.substring(); }},
        {"FIND", [](StringCommand& s) { s.find(); }},
        {"COMPARE", [](StringCommand& s) { s.compare(); }},
        {"REGEX", [](StringCommand& s) { s.regex(); }},
    };
    return kOperations;
  }

  const std::string& at(std::size_t index) const {
    static const std::string kNothing;
    return index < words_.size() ? words_[index] : kNothing;
  }
  std::string value(const std::string& name) const { return variables_.get(name).value_or(""); }
  void set(const std::string& name, std::string value) { variables_.set(name, std::move(value)); }
  void set_if_known(const std::string& name, const std::string& input, std::string value) {
    set(name, is_known(input) ? std::move(value) : kUnknownValue);
  }

  static std::string identifier(std::string text) {
    for (char& c : text) {
      if (!is_identifier(std::string("_") + c) && c != kUnknownMark) c = '_';
    }
    return text;
  }
  void substring() {
    const std::string& text = at(1);
    const auto begin = integer_of(at(2));
    const auto length = integer_of(at(3));
    const bool is_right =
        is_known(text) && begin && length && *begin >= 0 && static_cast<std::size_t>(*begin) <= text.size();
    set(at(4), is_right ? text.substr(static_cast<std::size_t>(*begin),
                                      *length < 0 ? std::string::npos : static_cast<std::size_t>(*length))
                        : kUnknownValue);
  }
  void find() {
    const std::size_t found = at(4) == "REVERSE" ? at(1).rfind(at(2)) : at(1).find(at(2));
    set_if_known(at(3), at(1) + at(2), found == std::string::npos ? "-1" : std::to_string(found));
  }
  void compare() {
    const int order = at(2).compare(at(3));
    bool holds = false;
    if (at(1).find("LESS") == 0) holds = order < 0;
    if (at(1).find("GREATER") == 0) holds = order > 0;
    if (at(1).ends_with("EQUAL")) holds = holds || order == 0;
    if (at(1) == "NOTEQUAL") holds = order != 0;
    set_if_known(at(4), at(2) + at(3), holds ? "1" : "0");
  }
  void regex() {
    const std::string& pattern = at(2);
    const bool replaces = at(1) == "REPLACE";
    const std::string input = concatenated(words_, replaces ? 5 : 4);
    const std::string& into = at(replaces ? 4 : 3);
    std::optional<std::string> result;
    if (!is_known(input) || !is_known(pattern)) return set(into, kUnknownValue);
    if (replaces) {
      result = regex_replace(pattern, at(3), input);
    } else if (at(1) == "MATCHALL") {
      const auto all = regex_all(pattern, input);
      if (all) result = join_list(*all);
    } else if (const auto groups = regex_groups(pattern, input)) {
      result = groups->empty() ? "" : groups->front();
      for (std::size_t i = 0; i < groups->size(); ++i) set("CMAKE_MATCH_" + std::to_string(i), (*groups)[i]);
    }
    set(into, result.value_or(kUnknownValue));
  }

  const Words& words_;
  CmakeVariables& variables_;
};

// list(): works on the variable that the second argument names.
class ListCommand {
 public:
  ListCommand(const Words& words, CmakeVariables& variables) : words_(words), variables_(variables) {
    list_ = variables.get(at(1)).value_or("");
    elements_ = list_elements(list_);
  }

  void run() {
    const std::string operation = upper(at(0));
    const auto known = operations().find(operation);
    if (known != operations().end()) return known->second(*this);
    store({kUnknownValue});
  }

 private:
  using Operations = std::map<std::string_view, void (*)(ListCommand&)>;
  static const Operations& operations() {
    static const Operations kOperations = {
        {"LENGTH",
         [](ListCommand& l) { l.set(l.at(2), l.is_certain() ? std::to_string(l.elements_.size()) : kUnknownValue); }},
        {"JOIN", [](ListCommand& l) { l.set(l.at(3), concatenated(l.elements_, 0, l.at(2))); }},
        {"APPEND", [](ListCommand& l) { l.append(); }},
        {"PREPEND", [](ListCommand& l) { l.insert(0, 2); }},
        {"INSERT", [](ListCommand& l) { l.insert(l.index(l.at(2)).value_or(0), 3); }},
        {"GET", [](ListCommand& l) { l.get(); }},
        {"FIND", [](ListCommand& l) { l.find(); }},
        {"SUBLIST", [](ListCommand& l) { l.sublist(); }},
        {"REMOVE_ITEM", [](ListCommand& l) { l.remove_items(); }},
        {"REMOVE_AT", [](ListCommand& l) { l.remove_at(); }},
        {"REMOVE_DUPLICATES", [](ListCommand& l) { l.remove_duplicates(); }},
        {"POP_BACK", [](ListCommand& l) { l.pop(false); }},
        {"POP_FRONT", [](ListCommand& l) { l.pop(true); }},
        {"REVERSE", [](ListCommand& l) { std::ranges::reverse(l.elements_), l.store(l.elements_); }},
        {"SORT", [](ListCommand& l) { std::ranges::sort(l.elements_), l.store(l.elements_); }},
        {"FILTER", [](ListCommand& l) { l.filter(); }},
        {"TRANSFORM", [](ListCommand& l) { l.transform(); }},
    };
    return kOperations;
  }

  const std::string& at(std::size_t index) const {
    static const std::string kNothing;
    return index < words_.size() ? words_[index] : kNothing;
  }
  bool is_certain() const { return is_known(list_); }
  void set(const std::string& name, std::string value) { variables_.set(name, std::move(value)); }
  void store(const Words& elements) { set(at(1), join_list(elements)); }
  std::optional<std::size_t> index(const std::string& text) const {
    const auto number = integer_of(text);
    const auto size = static_cast<long long>(elements_.size());
    if (!number || *number >= size || *number < -size) return std::nullopt;
    return static_cast<std::size_t>(*number < 0 ? *number + size : *number);
  }

  void append() {
    if (words_.size() <= 2) return;
    const std::string added = concatenated(words_, 2, ";");
    set(at(1), list_.empty() ? added : list_ + ";" + added);
  }
  void insert(std::size_t where, std::size_t first_word) {
    if (words_.size() <= first_word) return;
    elements_.insert(elements_.begin() + static_cast<std::ptrdiff_t>(std::min(where, elements_.size())),
                     words_.begin() + static_cast<std::ptrdiff_t>(first_word), words_.end());
    store(elements_);
  }
  void get() {
    if (words_.size() < 4) return;
    Words found;
    for (std::size_t i = 2; i + 1 < words_.size(); ++i) {
      const auto place = index(words_[i]);
      found.push_back(place && is_certain() ? elements_[*place] : is_certain() ? "NOTFOUND" : kUnknownValue);
    }
    set(words_.back(), join_list(found));
  }
  void find() {
    const auto found = std::ranges::find(elements_, at(2));
    if (found == elements_.end() && !is_certain()) return set(at(3), kUnknownValue);
    set(at(3), found == elements_.end() ? "-1" : std::to_string(found - elements_.begin()));
  }
  void sublist() {
    const auto begin = index(at(2));
    const auto length = integer_of(at(3));
    if (!begin || !length || !is_certain()) return set(at(4), elements_.empty() ? "" : kUnknownValue);
    const std::size_t rest = elements_.size() - *begin;
    const std::size_t count = *length < 0 ? rest : std::min(rest, static_cast<std::size_t>(*length));
    const auto first = elements_.begin() + static_cast<std::ptrdiff_t>(*begin);
    set(at(4), join_list({first, first + static_cast<std::ptrdiff_t>(count)}));
  }
  void remove_items() {
    const std::set<std::string> gone(
        words_.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(2, words_.size())), words_.end());
    std::erase_if(elements_, [&](const std::string& element) { return gone.contains(element); });
    store(elements_);
  }
  void remove_at() {
    std::set<std::size_t, std::greater<>> places;
    for (std::size_t i = 2; i < words_.size(); ++i) {
      if (const auto place = index(words_[i])) places.insert(*place);
    }
    for (const std::size_t place : places) elements_.erase(elements_.begin() + static_cast<std::ptrdiff_t>(place));
    store(elements_);
  }
  void remove_duplicates() {
    std::set<std::string> seen;
    std::erase_if(elements_, [&](const std::string& element) { return !seen.insert(element).second; });
    store(elements_);
  }
  void pop(bool at_front) {
    for (std::size_t i = 2; i < std::max<std::size_t>(words_.size(), 3) && !elements_.empty(); ++i) {
      const auto which = at_front ? elements_.begin() : elements_.end() - 1;
      if (i < words_.size()) set(words_[i], *which);
      elements_.erase(which);
    }
    store(elements_);
  }
  void filter() {
    const bool keeps = at(2) == "INCLUDE";
    bool is_right = is_certain() && is_known(at(4));
    std::erase_if(elements_, [&](const std::string& element) {
      const auto groups = is_right ? regex_groups(at(4), element) : std::nullopt;
      is_right = is_right && groups.has_value();
      return is_right && groups->empty() == keeps;
    });
    store(is_right ? elements_ : Words{kUnknownValue});
  }
  void transform() {
    const std::string& action = at(2);
    const bool has_text = action == "APPEND" || action == "PREPEND";
    const std::size_t rest = has_text ? 4 : 3;
    const bool is_plain = words_.size() == rest || at(rest) == "OUTPUT_VARIABLE";
    const std::string& into = at(rest) == "OUTPUT_VARIABLE" ? at(rest + 1) : at(1);
    if (!is_plain || (!has_text && action != "TOUPPER" && action != "TOLOWER" && action != "STRIP")) {
      return set(into, kUnknownValue);
    }
    for (std::string& element : elements_) {
      if (action == "APPEND") element += at(3);
      if (action == "PREPEND") element = at(3) + element;
      if (action == "TOUPPER") element = upper(element);
      if (action == "TOLOWER") element = lower_case(element);
      if (action == "STRIP") element = std::string(without_blanks(element));
    }
    set(into, join_list(elements_));
  }

  const Words& words_;
  CmakeVariables& variables_;
  std::string list_;
  Words elements_;
};

// math(EXPR variable "expression" …)
void run_math(const Words& words, CmakeVariables& variables) {
  if (words.size() < 3) return;
  const std::optional<long long> result = integer_expression(words[2]);
  variables.set(words[1], result ? std::to_string(*result) : kUnknownValue);
}

std::string component_of(const std::string& path, const std::string& mode) {
  const std::string name = path.substr(path.rfind('/') + 1);
  const std::size_t dot = name.find('.');
  const std::size_t last_dot = name.rfind('.');
  const auto cut = [](const std::string& text, std::size_t at) {
    return at == std::string::npos ? text : text.substr(0, at);
  };
  const auto rest = [](const std::string& text, std::size_t at) {
    return at == std::string::npos ? "" : text.substr(at);
  };
  if (mode == "DIRECTORY" || mode == "PATH") return directory_of(path);
  if (mode == "NAME") return name;
  if (mode == "NAME_WE") return cut(name, dot);
  if (mode == "NAME_WLE") return cut(name, last_dot);
  if (mode == "EXT") return rest(name, dot);
  if (mode == "LAST_EXT") return rest(name, last_dot);
  return kUnknownValue;
}

void run_component(const Words& words, CmakeVariables& variables) {
  if (words.size() < 3) return;
  const bool is_place = words[2] == "ABSOLUTE" || words[2] == "REALPATH";
  if (!is_place) return variables.set(words[0], is_known(words[1]) ? component_of(words[1], words[2]) : kUnknownValue);
  if (words[1].starts_with('/')) return variables.set(words[0], words[1]);
  variables.set(words[0], variables.get("CMAKE_CURRENT_SOURCE_DIR").value_or("") + "/" + words[1]);
}

// cmake_parse_arguments(prefix options one_value multi_value args…), or with PARSE_ARGV N in front.
void run_parse_arguments(Words words, CmakeVariables& variables) {
  if (words.size() > 2 && words[0] == "PARSE_ARGV") {
    const Words given = list_elements(variables.get("ARGV").value_or(""));
    const auto skipped =
        std::min(given.size(), static_cast<std::size_t>(std::max(0LL, integer_of(words[1]).value_or(0))));
    words.erase(words.begin(), words.begin() + 2);
    words.resize(std::min<std::size_t>(words.size(), 4));
    words.insert(words.end(), given.begin() + static_cast<std::ptrdiff_t>(skipped), given.end());
  }
  if (words.size() < 4) return;
  const std::string prefix = words[0] + "_";
  std::map<std::string, int> kinds;  // 0 option, 1 one value, 2 many
  for (int kind = 0; kind < 3; ++kind) {
    for (const std::string& keyword : list_elements(words[static_cast<std::size_t>(kind) + 1], false))
      kinds[keyword] = kind;
  }
  for (const auto& [keyword, kind] : kinds) {
    variables.set(prefix + keyword, kind == 0 ? std::optional<std::string>("FALSE") : std::nullopt);
  }
  std::string current;
  std::map<std::string, Words> values;
  for (std::size_t i = 4; i < words.size(); ++i) {
    const auto keyword = kinds.find(words[i]);
    if (keyword != kinds.end()) {
      current = keyword->second == 0 ? "" : keyword->first;
      if (keyword->second == 0) variables.set(prefix + keyword->first, "TRUE");
      continue;
    }
    values[current.empty() ? "UNPARSED_ARGUMENTS" : current].push_back(words[i]);
    if (!current.empty() && kinds[current] == 1) current.clear();
  }
  for (const auto& [keyword, list] : values) variables.set(prefix + keyword, join_list(list));
}

void run_separate_arguments(const Words& words, CmakeVariables& variables) {
  if (words.empty()) return;
  std::string text = words.size() > 2 ? words[2] : variables.get(words[0]).value_or("");
  std::ranges::replace(text, ' ', ';');
  variables.set(words[0], join_list(list_elements(text, false)));
}

}  // namespace

bool run_value_command(const std::string& name, const std::vector<std::string>& arguments, CmakeVariables& variables) {
  if (name == "string") return StringCommand(arguments, variables).run(), true;
  if (name == "list") return arguments.size() > 1 ? ListCommand(arguments, variables).run() : void(), true;
  if (name == "math") return run_math(arguments, variables), true;
  if (name == "get_filename_component") return run_component(arguments, variables), true;
  if (name == "cmake_parse_arguments") return run_parse_arguments(arguments, variables), true;
  if (name == "separate_arguments") return run_separate_arguments(arguments, variables), true;
  return false;
}

}  // namespace xaas
