// See option_name.h.
#include "mkimage/discover/option_name.h"

#include <algorithm>
#include <map>

#include "format/base/text.h"
#include "mkimage/discover/names.h"

namespace xaas {
namespace {

// A prefix begins at least one in so many names.
constexpr std::size_t kPrefixShare = 7;
// Where so many names begin with a prefix, and all with the same word behind it, that word is a prefix, too.
constexpr std::size_t kLongPrefixNames = 5;

// Whether the word can stand in front of what an option is about, or stand for it: it is no prefix then.
bool is_known_word(const std::string& word, const Knowledge& knowledge) {
  for (const auto& [list, words] : knowledge.words) {
    if (is_in(words, word)) return true;
  }
  return knowledge.term_by_words(word) != nullptr;
}

// The words behind first words, and in how many names.
using Followers = std::map<std::string, std::map<std::string, std::size_t>>;

// II in DEAL_II_WITH_MPI, DEAL_II_WITH_TBB and the like.
void add_second_words(const Followers& followers, const Knowledge& knowledge, std::set<std::string>& prefixes) {
  const std::set<std::string> firsts = prefixes;
  for (const auto& [first, seconds] : followers) {
    const auto& [word, count] = *seconds.begin();
    const bool is_long = firsts.contains(first) && seconds.size() == 1 && count >= kLongPrefixNames;
    if (is_long && !is_known_word(word, knowledge)) prefixes.insert(word);
  }
}

// Notes what a word says. Whether it says something and is not what the option is about.
bool take_word(const std::string& word, const Knowledge& knowledge, OptionName& name) {
  if (knowledge.has_word("neutral", word)) return true;
  if (knowledge.has_word("negative", word)) return name.is_negative = true;
  if (knowledge.has_word("internal", word)) return name.provenance = Provenance::internal, true;
  if (knowledge.has_word("downloaded", word)) return name.provenance = Provenance::downloaded, true;
  if (knowledge.has_word("external", word)) return name.provenance = Provenance::external, true;
  return false;
}

// USEMPI and WANTFFTW, as makefiles have them, are USE_MPI and WANT_FFTW.
void divide_glued_word(std::vector<std::string>& words, const Knowledge& knowledge) {
  if (words.size() != 1 || knowledge.term_by_words(words.front()) != nullptr) return;
  for (std::size_t end = 2; end < words.front().size(); ++end) {
    const std::string first = words.front().substr(0, end);
    const std::string rest = words.front().substr(end);
    const bool is_verb = knowledge.has_word("neutral", first) || knowledge.has_word("negative", first);
    if (is_verb && knowledge.term_by_words(rest) != nullptr) {
      words = {first, rest};
      return;
    }
  }
}

// HIPLIB is HIP.
void take_glued_library(std::vector<std::string>& words, const Knowledge& knowledge) {
  for (const std::string_view end : {"LIB", "LIBS"}) {
    if (words.empty() || !words.back().ends_with(end) || knowledge.term_by_words(joined_words(words)) != nullptr)
      continue;
    std::string stem = words.back().substr(0, words.back().size() - end.size());
    if (knowledge.term_by_words(stem) != nullptr) words.back() = std::move(stem);
  }
}

}  // namespace

std::string OptionName::joined() const { return joined_words(words); }

OptionSubject subject_of(const KnownTerm& term) { return {&term, term.name, term.category}; }

std::set<std::string> find_prefixes(const BuildDescription& build, const Knowledge& knowledge) {
  std::map<std::string, std::size_t> counts;
  Followers followers;
  std::size_t all = 0;
  for (const BuildPoint& point : build.points) {
    const std::vector<std::string> words = name_words(point.name);
    if (words.size() < 2 || point.is_foreign) continue;
    ++counts[words.front()];
    ++followers[words.front()][words[1]];
    ++all;
  }
  const std::vector<std::string> project = name_words(build.project);
  std::set<std::string> prefixes;
  for (const auto& [word, count] : counts) {
    const bool is_name = !project.empty() && project.front() == word;
    const bool is_common = count >= 2 && count * kPrefixShare >= all;
    if ((is_common || is_name) && !is_known_word(word, knowledge)) prefixes.insert(word);
  }
  add_second_words(followers, knowledge, prefixes);
  return prefixes;
}

OptionName read_option_name(std::string_view name, const std::set<std::string>& prefixes, const Knowledge& knowledge) {
  OptionName result;
  result.words = name_words(name);
  std::vector<std::string>& words = result.words;
  divide_glued_word(words, knowledge);
  const auto is_last = [&] { return words.size() < 2; };
  // A name that is a term as it stands, such as THREAD_MPI, keeps all its words.
  while (!is_last() && knowledge.term_by_words(result.joined()) == nullptr) {
    const std::string& first = words.front();
    const bool is_qualifier = prefixes.contains(first) || knowledge.has_word("layers", first);
    if (!is_qualifier && !take_word(first, knowledge, result)) break;
    words.erase(words.begin());
  }
  while (!is_last() && knowledge.term_by_words(result.joined()) == nullptr &&
         take_word(words.back(), knowledge, result)) {
    words.pop_back();
  }
  take_glued_library(words, knowledge);
  // FORCE_FFTW_BUILD asks for a build of FFTW.
  const std::vector<std::string> all = name_words(name);
  if (result.provenance == Provenance::none && is_in(all, "FORCE") && is_in(all, "BUILD"))
    result.provenance = Provenance::internal;
  return result;
}

const KnownTerm* term_of(const OptionName& name, const Knowledge& knowledge) {
  const KnownTerm* term = knowledge.term_by_words(name.joined());
  if (term != nullptr || name.words.size() != 2 || name.words.back() != "GPU") return term;
  const KnownTerm* model = knowledge.term_by_words(name.words.front());
  return model != nullptr && model->category == TermCategory::gpu ? model : nullptr;
}

}  // namespace xaas
