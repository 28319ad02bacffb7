// See help_values.h.
#include "mkimage/discover/help_values.h"

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "format/base/text.h"
#include "mkimage/discover/choice_subject.h"
#include "mkimage/discover/names.h"

namespace xaas {
namespace {

struct Subject {
  TermCategory category;
  std::vector<std::string_view> parts;  // with which words in a name that is about it begin or end
};

const std::vector<Subject>& subjects() {
  static const std::vector<Subject> kSubjects = {
      {TermCategory::simd, {"SIMD", "ISA", "VECTOR"}},
      {TermCategory::gpu, {"GPU", "DEVICE", "ACCEL", "BACKEND"}},
      {TermCategory::fft, {"FFT"}},
      {TermCategory::linear_algebra, {"BLAS", "LAPACK", "LINALG"}},
      {TermCategory::parallel, {"THREAD", "PARALLEL", "COMM", "CPU"}},
  };
  return kSubjects;
}

// Names of files, and options for compilers, take anything.
bool takes_anything(const std::string& word) {
  constexpr auto kWords = std::to_array<std::string_view>({"ARGS", "DIR", "DIRS", "FLAGS", "INCLUDE", "INCLUDES", "LIB",
                                                           "LIBRARIES", "LIBRARY", "LIBS", "OPTIONS", "PATH", "ROOT"});
  return is_in(kWords, word);
}

bool is_value_character(char c) { return is_identifier(std::string("_") + c) || c == '-' || c == '.' || c == '+'; }

std::vector<std::string> words_of_help(const std::string& help) {
  std::vector<std::string> words(1);
  for (const char c : help) {
    if (is_value_character(c)) {
      words.back() += c;
    } else if (!words.back().empty()) {
      words.emplace_back();
    }
  }
  for (std::string& word : words) {
    while (word.ends_with('.') || word.ends_with('-')) word.pop_back();
  }
  return words;
}

// The words of the help that are terms of the category. None if they are of fewer than two terms.
std::vector<std::string> named_terms(const std::string& help, TermCategory category, const Knowledge& knowledge) {
  std::vector<std::string> named;
  std::set<std::string> terms;
  for (const std::string& word : words_of_help(help)) {
    const KnownTerm* term = term_of_value(word, knowledge);
    // BLAS in the help of a choice for BLAS is what it is about.
    if (word.empty() || term == nullptr || term->category != category || is_library_interface(*term)) continue;
    terms.insert(term->name);
    if (!is_in(named, word)) named.push_back(word);
  }
  return terms.size() < 2 ? std::vector<std::string>() : named;
}

}  // namespace

BuildPoint with_help_values(const BuildPoint& point, const OptionName& name, const Knowledge& knowledge) {
  const bool is_text = (point.kind == PointKind::text && point.values.empty() && !point.is_implicit) || point.is_open;
  // A number is no name of a value.
  const std::string given = point.default_value.value_or("");
  const bool is_number = !given.empty() && std::ranges::all_of(given, [](char c) { return c >= '0' && c <= '9'; });
  if (!is_text || is_number || name.is_negative || std::ranges::any_of(name_words(point.name), takes_anything))
    return point;
  for (const Subject& subject : subjects()) {
    const bool says_so = has_word_with(name, subject.parts);
    const std::vector<std::string> named =
        says_so ? named_terms(point.help, subject.category, knowledge) : std::vector<std::string>();
    if (named.empty()) continue;
    BuildPoint choice = point;
    choice.kind = PointKind::choice;
    choice.is_open = true;
    const std::string value = point.default_value.value_or("");
    const auto add = [&](const std::string& text) {
      const auto is_same = [&](const BuildValue& other) {
        const KnownTerm* term = term_of_value(text, knowledge);
        return other.value == text || (term != nullptr && term == term_of_value(other.value, knowledge));
      };
      if (std::ranges::none_of(choice.values, is_same)) choice.values.push_back({text, text});
    };
    if (!value.empty() && std::ranges::all_of(value, is_value_character)) add(value);
    for (const std::string& word : named) add(word);
    return choice;
  }
  return point;
}

}  // namespace xaas
