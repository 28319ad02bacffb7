// See instruction_set_name.h.
#include "mkimage/discover/instruction_set_name.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "mkimage/discover/names.h"

namespace xaas {
namespace {

constexpr std::size_t kLongestSetName = 40;

const KnownTerm* set_by_words(std::string_view words, const Knowledge& knowledge) {
  const KnownTerm* term = knowledge.term_by_words(words);
  return term != nullptr && term->category == TermCategory::simd && term->machine.empty() ? term : nullptr;
}

// A way to divide a name that has no '_'.
struct Parts {
  bool has_processor = false;  // in front
  const KnownTerm* first = nullptr;
  const KnownTerm* term = nullptr;  // the first one that is no part of others
  std::size_t count = 0;
};

class NameDivider {
 public:
  explicit NameDivider(const Knowledge& knowledge) : knowledge_(knowledge) {}

  std::optional<Parts> divide(std::string_view text) const { return divide(text, {}); }

 private:
  std::optional<Parts> divide(std::string_view rest, const Parts& before) const {
    if (rest.empty()) return before;
    for (std::size_t length = rest.size(); length > 0; --length) {
      const auto with = take(rest.substr(0, length), before);
      const auto whole = with ? divide(rest.substr(length), *with) : std::nullopt;
      if (whole) return whole;
    }
    return std::nullopt;
  }
  // What stands in front must be a processor or a set that means nothing else.
  std::optional<Parts> take(std::string_view word, Parts parts) const {
    const KnownTerm* set = set_by_words(word, knowledge_);
    if (parts.count == 0 && set == nullptr) {
      parts.has_processor = knowledge_.has_word("architectures", word);
      return parts.has_processor ? std::optional(count(parts, nullptr)) : std::nullopt;
    }
    if (set == nullptr) set = knowledge_.term_by_vague_words(word);
    if (set != nullptr || knowledge_.has_word("set_parts", word)) return count(parts, set);
    return std::nullopt;
  }
  static Parts count(Parts parts, const KnownTerm* set) {
    ++parts.count;
    if (parts.term == nullptr) parts.term = set;
    return parts;
  }

  const Knowledge& knowledge_;
};

bool is_about_instructions(const std::string& help, const Knowledge& knowledge) {
  return std::ranges::any_of(name_words(help),
                             [&](const std::string& word) { return knowledge.has_word("instructions", word); });
}

}  // namespace

bool is_of_other_processor(const OptionName& name, const Knowledge& knowledge) {
  const std::string first = name.words.empty() ? "" : name.words.front();
  return knowledge.has_word("architectures", first) && !first.starts_with("X86");
}

std::optional<OptionSubject> instruction_set_of(const BuildPoint& point, const OptionName& name,
                                                const Knowledge& knowledge) {
  const std::string joined = name.joined();
  if (const KnownTerm* term = knowledge.term_by_vague_words(joined)) {
    return is_about_instructions(point.help, knowledge) ? std::optional(subject_of(*term)) : std::nullopt;
  }
  if (joined.size() > kLongestSetName) return std::nullopt;
  const auto parts = NameDivider(knowledge).divide(squeezed(joined));
  if (!parts || parts->count < 2 || parts->term == nullptr) return std::nullopt;
  const bool is_plain = parts->has_processor && parts->count == 2 && parts->term->architecture == "x86";
  return OptionSubject{parts->term, is_plain ? parts->term->name : joined, TermCategory::simd};
}

}  // namespace xaas
