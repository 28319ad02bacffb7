// See knowledge.h.
#include "mkimage/discover/knowledge.h"

#include <algorithm>
#include <array>
#include <sstream>
#include <stdexcept>
#include <toml.hpp>

#include "format/base/text.h"
#include "mkimage/discover/knowledge_data.h"
#include "mkimage/discover/names.h"

namespace xaas {
namespace {

constexpr auto kCategoryNames = std::to_array<std::string_view>({"gpu", "parallel", "linear_algebra", "fft", "simd"});

using Texts = std::vector<std::string>;

TermCategory category_of(const toml::value& term) {
  const std::string name = toml::find<std::string>(term, "category");
  const auto found = std::ranges::find(kCategoryNames, name);
  if (found == kCategoryNames.end()) throw std::invalid_argument("unknown category " + name);
  return static_cast<TermCategory>(found - kCategoryNames.begin());
}

BuildNeeds build_needs_of(const toml::value& table) {
  if (!table.contains("on_host")) return {};
  const toml::value& needs = toml::find(table, "on_host");
  return {toml::find<Texts>(needs, "tools"), toml::find_or<Texts>(needs, "libraries", {}),
          toml::find_or<Texts>(needs, "headers", {}), toml::find_or<bool>(needs, "tool_is_package", false),
          toml::find_or<std::string>(needs, "note", "")};
}

KnownTerm term_of(const toml::value& table) {
  KnownTerm term;
  term.name = toml::find<std::string>(table, "name");
  term.category = category_of(table);
  term.words = toml::find<Texts>(table, "words");
  term.vague_words = toml::find_or<Texts>(table, "vague_words", {});
  term.packages = toml::find_or<Texts>(table, "packages", {});
  term.library_options = toml::find_or<Texts>(table, "library_options", {});
  term.devices = toml::find_or<Texts>(table, "devices", {});
  term.features = toml::find_or<Texts>(table, "features", {});
  term.libraries = toml::find_or<Texts>(table, "libraries", {});
  term.on_host = build_needs_of(table);
  term.architecture = toml::find_or<std::string>(table, "architecture", "x86");
  term.machine = toml::find_or<std::string>(table, "machine", "");
  term.is_rare = toml::find_or<bool>(table, "is_rare", false);
  term.source = toml::find<std::string>(table, "source");
  return term;
}

// Each word of the table is a term of that name.
void add_instruction_sets(const toml::value& table, std::vector<KnownTerm>& terms) {
  KnownTerm term;
  term.category = TermCategory::simd;
  term.architecture = toml::find<std::string>(table, "architecture");
  term.source = toml::find<std::string>(table, "source");
  for (const std::string& word : toml::find<Texts>(table, "words")) {
    term.name = word;
    term.words = {word};
    terms.push_back(term);
  }
  term.words.clear();
  for (const std::string& word : toml::find_or<Texts>(table, "vague_words", {})) {
    term.name = word;
    term.vague_words = {word};
    terms.push_back(term);
  }
}

void index_terms(Knowledge& knowledge) {
  for (std::size_t i = 0; i < knowledge.terms.size(); ++i) {
    const KnownTerm& term = knowledge.terms[i];
    for (const std::string& word : term.words) {
      knowledge.terms_by_words.try_emplace(word, i);
      if (term.category == TermCategory::simd) knowledge.sets_by_words.try_emplace(squeezed(word), i);
    }
    for (const std::string& word : term.vague_words) knowledge.terms_by_vague_words.try_emplace(word, i);
  }
}

const KnownTerm* term_at(const Knowledge& knowledge, const std::map<std::string, std::size_t, std::less<>>& places,
                         std::string_view words) {
  const auto found = places.find(words);
  return found == places.end() ? nullptr : &knowledge.terms[found->second];
}

KnownMacro macro_of(const toml::value& table) {
  return {toml::find_or<std::string>(table, "option", ""), toml::find_or<std::string>(table, "form", ""),
          toml::find_or<std::string>(table, "default", ""), toml::find_or<std::string>(table, "package", "")};
}

Knowledge knowledge_of(const toml::value& document) {
  Knowledge knowledge;
  for (const auto& table : toml::find<toml::array>(document, "terms")) knowledge.terms.push_back(term_of(table));
  for (const auto& table : toml::find<toml::array>(document, "instruction_sets"))
    add_instruction_sets(table, knowledge.terms);
  index_terms(knowledge);
  for (const auto& [name, words] : toml::find<toml::table>(document, "words")) {
    knowledge.words[name] = toml::get<Texts>(words);
  }
  for (const auto& table : toml::find<toml::array>(document, "blas_vendors")) {
    knowledge.blas_vendors.emplace_back(toml::find<std::string>(table, "value"),
                                        toml::find<std::string>(table, "term"));
  }
  for (const auto& table : toml::find<toml::array>(document, "flags")) {
    const std::string term = toml::find<std::string>(table, "term");
    knowledge.flags.push_back(
        {toml::find<std::string>(table, "flag"), term, toml::find_or<std::string>(table, "name", std::string(term))});
  }
  for (const auto& table : toml::find<toml::array>(document, "macros")) {
    knowledge.macros[toml::find<std::string>(table, "macro")] = macro_of(table);
  }
  return knowledge;
}

}  // namespace

std::string_view category_name(TermCategory category) { return kCategoryNames[static_cast<std::size_t>(category)]; }
bool is_library_category(TermCategory category) {
  return category == TermCategory::linear_algebra || category == TermCategory::fft;
}
bool is_library_interface(const KnownTerm& term) {
  return is_in(std::to_array<std::string_view>({"BLAS", "LAPACK", "ScaLAPACK"}), term.name);
}

const KnownTerm* Knowledge::term(std::string_view name) const {
  const auto found = std::ranges::find(terms, name, &KnownTerm::name);
  return found == terms.end() ? nullptr : &*found;
}

const KnownTerm* Knowledge::term_by_words(std::string_view joined_words) const {
  if (const KnownTerm* term = term_at(*this, terms_by_words, joined_words)) return term;
  return term_at(*this, sets_by_words, squeezed(joined_words));
}

const KnownTerm* Knowledge::term_by_vague_words(std::string_view joined_words) const {
  return term_at(*this, terms_by_vague_words, joined_words);
}

const KnownTerm* Knowledge::term_by_package(std::string_view package) const {
  const auto found = std::ranges::find_if(terms, [&](const KnownTerm& term) { return is_in(term.packages, package); });
  if (found != terms.end()) return &*found;
  // A project's own module may write it otherwise: FindLapack.
  const auto alike = std::ranges::find_if(terms, [&](const KnownTerm& term) {
    return std::ranges::any_of(term.packages,
                               [&](const std::string& known) { return lower_case(known) == lower_case(package); });
  });
  return alike == terms.end() ? nullptr : &*alike;
}

const KnownTerm* Knowledge::term_by_library_option(std::string_view library) const {
  const auto found =
      std::ranges::find_if(terms, [&](const KnownTerm& term) { return is_in(term.library_options, library); });
  return found == terms.end() ? nullptr : &*found;
}

const KnownFlag* Knowledge::flag(std::string_view flag) const {
  const auto found = std::ranges::find(flags, flag, &KnownFlag::flag);
  if (found != flags.end()) return &*found;
  // Intel's compilers take the name of a processor in any case: -xcore-avx2.
  if (!flag.starts_with("-x")) return nullptr;
  const std::string small = lower_case(flag);
  const auto alike =
      std::ranges::find_if(flags, [&](const KnownFlag& known) { return lower_case(known.flag) == small; });
  return alike == flags.end() ? nullptr : &*alike;
}

bool Knowledge::has_word(const std::string& list, std::string_view word) const {
  const auto found = words.find(list);
  return found != words.end() && is_in(found->second, word);
}

Result<Knowledge> parse_knowledge(const std::string& toml) {
  try {
    std::istringstream stream(toml);
    return knowledge_of(toml::parse(stream, "knowledge.toml"));
  } catch (const std::exception& error) {
    return fail(Code::invalid, "{}", printable(error.what()));
  }
}

const Knowledge& built_in_knowledge() {
  static const Knowledge kKnowledge = parse_knowledge(std::string(kKnowledgeToml)).value();
  return kKnowledge;
}

}  // namespace xaas
