// How the words of a command are expanded and conditions decided while code is followed; see cmake_interpreter.h.
#include <utility>

#include "format/base/split.h"
#include "mkimage/discover/cmake_interpreter.h"
#include "mkimage/discover/names.h"

namespace xaas {
namespace {

constexpr std::size_t kMaxValue = 256ULL << 10;
constexpr int kMaxReferences = 20;

// Calls `use` with each word that can be the name of a variable.
void for_each_identifier(std::string_view text, const auto& use) {
  std::size_t begin = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    const bool is_part = i < text.size() && is_identifier(std::string("_") + text[i]);
    if (is_part) continue;
    if (i > begin) use(std::string(text.substr(begin, i - begin)));
    begin = i + 1;
  }
}

// Variables of CMake that only the host can tell.
bool is_of_host(const std::string& name) {
  if (!name.starts_with("CMAKE_")) return false;
  return name.ends_with("_COMPILER") || name.ends_with("_COMPILER_VERSION") || name.ends_with("_COMPILER_TARGET") ||
         name.ends_with("_COMPILE_FEATURES") || name.ends_with("_IMPLICIT_INCLUDE_DIRECTORIES") ||
         name == "CMAKE_COMMAND" || name == "CMAKE_MAKE_PROGRAM" || name == "CMAKE_LINKER";
}

}  // namespace

CmakeInterpreter::Words CmakeInterpreter::expand_arguments(const CmakeCommand& command) {
  Words words;
  for (const CmakeArgument& argument : command.arguments) {
    if (argument.kind == CmakeArgument::Kind::bracket) {
      words.push_back(argument.text);
      continue;
    }
    std::string text = expand(argument.text);
    if (text.size() > kMaxValue) text = kUnknownValue;
    if (!use_up(text.size() + 1)) return words;
    if (argument.kind == CmakeArgument::Kind::quoted) {
      words.push_back(std::move(text));
    } else {
      for (std::string& element : list_elements(text, false)) words.push_back(std::move(element));
    }
  }
  return words;
}

std::string CmakeInterpreter::expand(std::string_view text, int depth) {
  std::string result;
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (c == '\\' && at + 1 < text.size()) {
      const char next = text[at + 1];
      at += 2;
      if (next == 'n')
        result += '\n';
      else if (next == 't')
        result += '\t';
      else if (next == ';')
        result += "\\;";
      else if (next != '\n')
        result += next;
    } else if (c == '$' && depth < kMaxReferences) {
      result += expand_reference(text, at, depth);
    } else {
      result += c;
      ++at;
    }
    if (result.size() > kMaxValue) return kUnknownValue;
  }
  return result;
}

// Expands a reference that may begin at `at`, and moves `at` behind it.
std::string CmakeInterpreter::expand_reference(std::string_view text, std::size_t& at, int depth) {
  std::string_view rest = text.substr(at);
  const bool is_environment = rest.starts_with("$ENV{");
  const std::size_t open = is_environment ? 5 : rest.starts_with("$CACHE{") ? 7 : 2;
  if (!is_environment && open == 2 && !rest.starts_with("${")) return ++at, "$";
  std::size_t end = open;
  for (int braces = 1; end < rest.size(); ++end) {
    if (rest[end] == '{') ++braces;
    if (rest[end] == '}' && --braces == 0) break;
  }
  if (end >= rest.size()) return ++at, "$";
  at += end + 1;
  if (is_environment) return "";
  const std::string name = expand(rest.substr(open, end - open), depth + 1);
  points_.note_read(name);
  return is_known(name) ? lookup(name).value_or("") : kUnknownValue;
}

std::optional<std::string> CmakeInterpreter::lookup(const std::string& name) {
  const auto bound = macro_arguments_.find(name);
  if (bound != macro_arguments_.end()) return bound->second;
  if (auto value = variables_.get(name)) return value;
  if (is_of_host(name)) return kUnknownValue;
  for (std::size_t end = name.find('_'); end != std::string::npos; end = name.find('_', end + 1)) {
    if (found_prefixes_.contains(upper(name.substr(0, end)))) return kUnknownValue;
  }
  return std::nullopt;
}

CmakeInterpreter::Decision CmakeInterpreter::decide(const CmakeCommand& command, std::string& text) {
  std::vector<ConditionWord> words;
  bool has_reference = false;
  std::string expanded;
  for (const CmakeArgument& argument : command.arguments) {
    has_reference = has_reference || argument.text.find("${") != std::string::npos;
    const bool is_quoted = argument.kind != CmakeArgument::Kind::plain;
    const std::string value = argument.kind == CmakeArgument::Kind::bracket ? argument.text : expand(argument.text);
    if (!use_up(value.size() + 1)) return {Truth::unknown, Truth::unknown};
    for (std::string& element : is_quoted ? Words{value} : list_elements(value, false)) {
      expanded += (expanded.empty() ? "" : " ") + (element.empty() ? "\"\"" : element);
      words.push_back({std::move(element), is_quoted});
    }
  }
  text = has_reference && is_known(expanded) && expanded.size() < 500 ? expanded : written_arguments(command);
  note_comparisons(command);
  const Truth truth = decide(words);
  const bool is_open = truth == Truth::unknown && !compiler_checks_.empty();
  return {truth, is_open ? evaluate_condition(words, facts_if_able()) : truth};
}

// `NAME STREQUAL text`, `"${NAME}" STREQUAL text`, `NAME MATCHES "^(a|b)$"` and `NAME IN_LIST VALUES` tell values that
// NAME may have.
void CmakeInterpreter::note_comparisons(const CmakeCommand& command) {
  for (std::size_t i = 1; i + 1 < command.arguments.size(); ++i) {
    const CmakeArgument& comparison = command.arguments[i];
    const bool is_plain = comparison.kind == CmakeArgument::Kind::plain;
    const std::string& right = command.arguments[i + 1].text;
    const CmakeArgument& left = command.arguments[i - 1];
    std::string name = left.text;
    const bool is_reference = name.starts_with("${") && name.ends_with('}');
    if (is_reference) name = name.substr(2, name.size() - 3);
    // A name in quotes is a text.
    if (!is_plain || !is_identifier(name) || (!is_reference && left.kind != CmakeArgument::Kind::plain)) continue;
    if (comparison.text == "STREQUAL") points_.note_comparison(name, right);
    const bool is_whole = right.size() > 4 && right.starts_with("^(") && right.ends_with(")$");
    if (comparison.text == "MATCHES" && is_whole) {
      for (const std::string_view text : split(std::string_view(right).substr(2, right.size() - 4), '|'))
        points_.note_comparison(name, std::string(text));
    }
    if (comparison.text == "IN_LIST") note_elements(name, right);
  }
}

void CmakeInterpreter::note_elements(const std::string& name, const std::string& list) {
  const auto value = variables_.get(list);
  if (!value || !is_known(*value) || !use_up(value->size())) return;
  for (const std::string& text : list_elements(*value)) points_.note_comparison(name, text);
}

Truth CmakeInterpreter::decide(const std::vector<ConditionWord>& words) { return evaluate_condition(words, facts()); }

ConditionFacts CmakeInterpreter::facts() {
  ConditionFacts facts;
  facts.variable = [this](const std::string& name) -> std::optional<std::string> {
    points_.note_read(name);
    // A name of a parameter of a macro is no variable.
    if (auto value = variables_.get(name)) return use_up(value->size()), value;
    return macro_arguments_.contains(name) ? std::nullopt : lookup(name);
  };
  facts.exists = [this](const std::string& path) {
    const std::string place = in_source(path);
    if (!is_known(place)) return Truth::unknown;
    return truth_of(tree_.has_file(place) || tree_.has_directory(place));
  };
  facts.is_directory = [this](const std::string& path) {
    const std::string place = in_source(path);
    return is_known(place) ? truth_of(tree_.has_directory(place)) : Truth::unknown;
  };
  facts.is_command = [this](const std::string& name) {
    const std::string small = lower_case(name);
    return truth_of(functions_.contains(small) || handlers().contains(small));
  };
  facts.is_target = [this](const std::string& name) {
    if (targets_.contains(name)) return Truth::yes;
    const std::size_t colons = name.find("::");
    if (colons == std::string::npos) return Truth::no;
    // Only find_package(BLAS) makes BLAS::BLAS.
    const std::string package = name.substr(0, colons);
    const bool is_missing = package == name.substr(colons + 2) && !found_prefixes_.contains(upper(package));
    return is_missing ? Truth::no : Truth::unknown;
  };
  facts.matched = [this](const std::vector<std::string>& groups) {
    for (std::size_t i = 0; i < groups.size(); ++i) variables_.set("CMAKE_MATCH_" + std::to_string(i), groups[i]);
  };
  facts.may_spend = [this](std::size_t work) { return use_up(work); };
  facts.asked_unset = [this](const std::string& name) {
    const CmakeCommand command{"if", {}, line_};
    points_.ask_unset(name, context({command, {}}));
  };
  return facts;
}

// Whether what is put into the cache by FORCE depends on what the user has given: a condition around asks for it.
bool CmakeInterpreter::yields_to_user(const std::string& name) const {
  return std::ranges::any_of(conditions_, [&](const Condition& condition) {
    bool asks = false;
    for_each_identifier(condition.asked, [&](const std::string& word) { asks = asks || word == name; });
    return asks;
  });
}

// The same, if the compiler can do all that the build tries with it.
ConditionFacts CmakeInterpreter::facts_if_able() {
  ConditionFacts facts = this->facts();
  facts.variable = [variable = facts.variable, this](const std::string& name) -> std::optional<std::string> {
    return compiler_checks_.contains(name) ? "1" : variable(name);
  };
  return facts;
}

bool CmakeInterpreter::depends_on_choice(const CmakeCommand& command, const std::string& text) const {
  bool depends = false;
  const auto look = [&](const std::string& name) { depends = depends || points_.is_declared(name); };
  for_each_identifier(text, look);
  for (const CmakeArgument& argument : command.arguments) for_each_identifier(argument.text, look);
  return depends;
}

}  // namespace xaas
