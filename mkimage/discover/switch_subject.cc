// See switch_subject.h.
#include "mkimage/discover/switch_subject.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include "format/base/text.h"
#include "mkimage/discover/choice_subject.h"
#include "mkimage/discover/names.h"
#include "mkimage/discover/point_finding.h"

namespace xaas {
namespace {

bool is_gpu_text(const std::string& text, const Knowledge& knowledge) {
  return std::ranges::any_of(name_words(text), [&](const std::string& word) {
    const KnownTerm* term = knowledge.term_by_words(word);
    const bool is_model = term != nullptr && term->category == TermCategory::gpu;
    return word != "DEVICE" && (is_model || knowledge.has_word("gpu", word));
  });
}

// HIPBLAS with the help "ROCm backend" stands for HIP, if no option is called so.
const KnownTerm* model_behind(const KnownTerm& library, const BuildPoint& point, const OptionNames& names,
                              const Knowledge& knowledge) {
  if (library.devices.empty() || !is_library_category(library.category)) return nullptr;
  const std::vector<std::string> words = name_words(point.help);
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    const KnownTerm* model = words[i + 1] == "BACKEND" ? knowledge.term_by_words(words[i]) : nullptr;
    const bool is_its_model =
        model != nullptr && model->category == TermCategory::gpu && model->devices == library.devices;
    const auto is_about_model = [&](const auto& entry) { return term_of(entry.second, knowledge) == model; };
    if (is_its_model && std::ranges::none_of(names, is_about_model)) return model;
  }
  return nullptr;
}

// A switch for threads whose help names one model, such as OpenMP, stands for that one, if no option is called so.
const KnownTerm* model_of_threads(const KnownTerm& threads, const BuildPoint& point, const OptionNames& names,
                                  const Knowledge& knowledge) {
  if (threads.name != "Threads") return nullptr;
  const KnownTerm* model = nullptr;
  for (const std::string& word : name_words(point.help)) {
    const KnownTerm* term = knowledge.term_by_words(word);
    const bool is_model = term != nullptr && term->category == TermCategory::parallel && word != "THREADS";
    const bool is_vague = word == "MULTITHREADING" || word == "MULTITHREADED";
    if (!is_model || is_vague || term == model) continue;
    if (model != nullptr) return nullptr;
    model = term;
  }
  const auto is_about_model = [&](const auto& entry) { return term_of(entry.second, knowledge) == model; };
  return model != nullptr && std::ranges::none_of(names, is_about_model) ? model : nullptr;
}

// A library with what it is for, or with who made it, in one word or two: MKLFFT, BLAS_MKL and AMDFFTW.
std::optional<OptionSubject> qualified_library(const std::string& first, const std::string& second,
                                               const Knowledge& knowledge) {
  for (const auto& [qualifier, library] : {std::pair(first, second), std::pair(second, first)}) {
    const KnownTerm* term = knowledge.term_by_words(library);
    const bool is_library =
        term != nullptr && is_library_category(term->category) && !is_library_interface(*term) && term->devices.empty();
    if (!is_library) continue;
    const bool is_of_maker = knowledge.has_word("makers", qualifier) && qualifier == first;
    if (is_of_maker) return OptionSubject{term, first + second, term->category};
    const bool is_for_transforms = knowledge.has_word("fft", qualifier) && is_of_category(*term, TermCategory::fft);
    if (is_for_transforms) return OptionSubject{term, term->name, TermCategory::fft};
    if (qualifier == "BLAS" && term->category == TermCategory::linear_algebra) return subject_of(*term);
  }
  return std::nullopt;
}
std::optional<OptionSubject> qualified_library(const OptionName& name, const Knowledge& knowledge) {
  if (name.words.size() == 2) return qualified_library(name.words[0], name.words[1], knowledge);
  if (name.words.size() != 1) return std::nullopt;
  const std::string& word = name.words.front();
  for (std::size_t end = 2; end < word.size(); ++end) {
    if (auto library = qualified_library(word.substr(0, end), word.substr(end), knowledge)) return library;
  }
  return std::nullopt;
}

// FORCE_CUBLAS and CUDA_CUBLAS are about cuBLAS.
const KnownTerm* library_of_gpu(const OptionName& name, const Knowledge& knowledge) {
  if (name.words.size() < 2) return nullptr;
  const KnownTerm* term = knowledge.term_by_words(name.words.back());
  const bool is_library = term != nullptr && !term->devices.empty() && term->category == TermCategory::linear_algebra;
  if (!is_library) return nullptr;
  const bool is_qualified = std::all_of(name.words.begin(), name.words.end() - 1, [&](const std::string& word) {
    const KnownTerm* qualifier = knowledge.term_by_words(word);
    return knowledge.has_word("neutral", word) || (qualifier != nullptr && qualifier->category == TermCategory::gpu);
  });
  return is_qualified ? term : nullptr;
}

// BLAS_LAPACK is about both interfaces, and SSE_AND_AVX about both instruction sets. MKL_SCALAPACK is about one
// library in the place of another.
std::vector<const KnownTerm*> pair_in(const OptionName& name, const Knowledge& knowledge) {
  std::vector<const KnownTerm*> terms;
  for (const std::string& word : name.words) {
    if (word != "AND" && word != "FLAGS") terms.push_back(knowledge.term_by_words(word));
  }
  const auto is_meant = [&](const KnownTerm* term) {
    return term != nullptr &&
           (is_library_interface(*term) || (term->category == TermCategory::simd && !is_foreign_code(term)));
  };
  const bool are_alike = std::ranges::all_of(
      terms, [&](const KnownTerm* term) { return is_meant(term) && term->category == terms.front()->category; });
  return terms.size() == 2 && are_alike ? terms : std::vector<const KnownTerm*>();
}

}  // namespace

bool is_about_tests(const BuildPoint& point, const Knowledge& knowledge) {
  return std::ranges::any_of(name_words(point.name), [&](const std::string& word) {
    return knowledge.has_word("aside", word) || knowledge.has_word("test_libraries", word);
  });
}

bool names_files(const BuildPoint& point) {
  const std::vector<std::string> words = name_words(point.name);
  return point.kind == PointKind::text && !words.empty() &&
         is_in(std::to_array<std::string_view>({"LIB", "LIBRARIES", "LIBRARY", "LIBS"}), words.back());
}

bool is_switch_for_gpus(const BuildPoint& point, const OptionName& name, const Knowledge& knowledge) {
  if (point.kind == PointKind::choice || point.is_implicit) return false;
  if (name.words.size() != 1 || !knowledge.has_word("gpu", name.words.front()) || name.is_negative) return false;
  // A device may be one of a network.
  const bool is_vague = name.words.front() == "DEVICE" && !is_gpu_text(point.help, knowledge);
  // What the files put into the cache under a condition, without a word for the user, is a result of other options.
  const bool is_result = point.help.empty() && !point.condition.empty();
  return !is_vague && !is_result && !names_files(point);
}

std::vector<OptionSubject> subjects_of_switch(const BuildPoint& point, const OptionNames& names,
                                              const Knowledge& knowledge) {
  const OptionName& name = names.at(point.name);
  const KnownTerm* term = term_of(name, knowledge);
  if (term == nullptr) term = library_of_gpu(name, knowledge);
  if (term != nullptr) {
    const KnownTerm* model = model_behind(*term, point, names, knowledge);
    if (model == nullptr) model = model_of_threads(*term, point, names, knowledge);
    return {subject_of(model != nullptr ? *model : *term)};
  }
  if (point.is_implicit) return {};
  if (const auto library = qualified_library(name, knowledge)) return {*library};
  std::vector<OptionSubject> subjects;
  for (const KnownTerm* one : pair_in(name, knowledge)) subjects.push_back(subject_of(*one));
  const auto set = subjects.empty() ? instruction_set_of(point, name, knowledge) : std::nullopt;
  if (set) subjects.push_back(*set);
  return subjects;
}

}  // namespace xaas
