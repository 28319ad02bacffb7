// See choice_subject.h.
#include "mkimage/discover/choice_subject.h"

#include <algorithm>
#include <array>
#include <vector>

#include "format/base/text.h"
#include "mkimage/discover/names.h"

namespace xaas {
namespace {

bool is_auto_word(const std::string& word) {
  return is_in(std::to_array<std::string_view>({"AUTO", "DETECT", "ANY"}), word);
}

}  // namespace

const KnownTerm* term_of_value(const std::string& value, const Knowledge& knowledge) {
  return knowledge.term_by_words(joined_words(name_words(value)));
}

bool is_of_category(const KnownTerm& term, TermCategory category) {
  return term.category == category || (category == TermCategory::fft && term.name == "MKL");
}

bool offers_terms(const BuildPoint& point, TermCategory category, std::size_t least, const Knowledge& knowledge) {
  return least <= static_cast<std::size_t>(std::ranges::count_if(point.values, [&](const BuildValue& value) {
           const KnownTerm* term = term_of_value(value.value, knowledge);
           return term != nullptr && is_of_category(*term, category);
         }));
}

bool offers_name(const BuildPoint& point, std::string_view name) {
  return std::ranges::any_of(point.values, [&](const BuildValue& value) { return upper(value.label) == upper(name); });
}

bool offers_yes(const BuildPoint& point) {
  const auto is_answer = [](const BuildValue& value) {
    return is_on(value.value) || is_off(value.value) || is_auto_word(upper(value.value));
  };
  return std::ranges::all_of(point.values, is_answer) ||
         std::ranges::any_of(point.values, [](const BuildValue& value) { return is_on(value.value); });
}

bool is_switch_by_default(const BuildPoint& point) {
  const bool is_text = point.kind == PointKind::text && point.form == FlagForm::cmake;
  const std::string value = is_text ? point.default_value.value_or("") : "";
  return is_in(std::to_array<std::string_view>({"ON", "OFF", "TRUE", "FALSE", "YES", "NO"}), upper(value));
}

bool has_word_with(const OptionName& name, const std::vector<std::string_view>& parts) {
  return std::ranges::any_of(name.words, [&](const std::string& word) {
    return std::ranges::any_of(parts,
                               [&](std::string_view part) { return word.starts_with(part) || word.ends_with(part); });
  });
}

bool is_choice_of_simd(const BuildPoint& point, const OptionName& name, const Knowledge& knowledge) {
  // Those of a GPU have names of their own.
  const auto is_about_gpus = [&](const std::string& word) {
    const KnownTerm* term = knowledge.term_by_words(word);
    return knowledge.has_word("gpu", word) || (term != nullptr && term->category == TermCategory::gpu);
  };
  if (std::ranges::any_of(name_words(point.name), is_about_gpus)) return false;
  const bool says_so = has_word_with(name, {"SIMD", "ISA", "VECTOR", "ARCH"});
  return offers_terms(point, TermCategory::simd, says_so ? 1 : 2, knowledge);
}

bool is_choice_of_parallel(const BuildPoint& point, const OptionName& name, const Knowledge& knowledge) {
  const auto is_word = [&](const std::string& word) {
    return knowledge.has_word("parallel_choice", word) || knowledge.has_word("gpu_choice", word) ||
           knowledge.has_word("neutral", word);
  };
  return offers_terms(point, TermCategory::parallel, 1, knowledge) && std::ranges::all_of(name.words, is_word) &&
         has_word_with(name, {"PARALLEL", "THREAD", "TASK", "COMM", "SMP", "CPU"});
}

bool is_choice_of_gpus(const BuildPoint& point, const OptionName& name, const Knowledge& knowledge) {
  const std::vector<std::string> words = name_words(point.name);
  const auto is_other = [&](const std::string& word) {
    return word == "CPU" || knowledge.has_word("layers", word) || knowledge.term_by_words(word) != nullptr;
  };
  if (std::ranges::any_of(words, is_other)) return false;
  const auto is_gpu_word = [&](const std::string& word) {
    return knowledge.has_word("gpu", word) || knowledge.has_word("gpu_choice", word);
  };
  const bool names_gpus = has_word_with(name, {"GPU", "DEVICE", "ACCEL"});
  const bool says_so = std::ranges::all_of(name.words, is_gpu_word) && names_gpus;
  const bool is_something_else = !says_so && names_gpus;
  return !is_something_else && offers_terms(point, TermCategory::gpu, says_so ? 1 : 2, knowledge);
}

}  // namespace xaas
