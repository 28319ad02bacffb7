// See flag_findings.h.
#include "mkimage/discover/flag_findings.h"

#include <algorithm>
#include <map>

#include "format/base/text.h"
#include "mkimage/discover/names.h"
#include "mkimage/discover/option_name.h"

namespace xaas {
namespace {

bool is_compiler_option(const std::string& flag) { return flag.starts_with('-') && !flag.starts_with("-l"); }

class FlagFindings {
 public:
  FlagFindings(Discovery& found, const std::set<std::string>& prefixes, const Knowledge& knowledge)
      : found_(found), build_(found.build), prefixes_(prefixes), knowledge_(knowledge) {}

  // Options of compilers tell of a term only where nothing else does. The one that is used most often counts.
  void run() {
    find_levels();
    add_flags(false);
    add_flags(true);
    find_gpu_macro();
  }

 private:
  // Those that the build gives, or those that only comments explain.
  void add_flags(bool is_comment) {
    std::map<std::string, std::map<std::string, std::size_t>> uses;
    std::vector<std::pair<std::string, std::string>> order;  // term, name
    for (const UsedFlag& used : build_.flags) {
      const std::optional<KnownFlag> flag = known_flag(used.flag);
      if (!flag || used.is_comment != is_comment || is_part_of_level(used, *flag)) continue;
      if (uses[flag->term].empty()) order.emplace_back(flag->term, flag->name);
      ++uses[flag->term][used.flag];
    }
    for (const auto& [term, name] : order) {
      const KnownTerm* known = knowledge_.term(term);
      const bool is_new = known != nullptr && found_.find(term) == nullptr;
      if (is_new || (known != nullptr && !is_comment)) add_flag(*known, name, most_used(uses[term], is_comment));
    }
  }
  // The place of an instruction set among those of which each has those before it; nullopt if it is none of them.
  std::optional<std::size_t> level_of(const KnownFlag& flag) const {
    const std::vector<std::string>& levels = knowledge_.words.at("levels");
    const auto found = std::ranges::find(levels, flag.term);
    return found == levels.end() ? std::nullopt : std::optional<std::size_t>(found - levels.begin());
  }
  void find_levels() {
    for (const UsedFlag& used : build_.flags) {
      const std::optional<KnownFlag> flag = known_flag(used.flag);
      const std::optional<std::size_t> level = flag ? level_of(*flag) : std::nullopt;
      if (!level) continue;
      std::size_t& highest = levels_[{used.place.file, used.place.line}];
      highest = std::max(highest, *level);
    }
  }
  // `-msse2 -msse3 -msse4.1` asks for SSE4.1.
  bool is_part_of_level(const UsedFlag& used, const KnownFlag& flag) const {
    const std::optional<std::size_t> level = level_of(flag);
    return level && *level < levels_.at({used.place.file, used.place.line});
  }
  static std::vector<std::string> macro_words(const std::string& flag) {
    if (!flag.starts_with("-D") || flag.ends_with("=0")) return {};
    return name_words(std::string_view(flag).substr(2, flag.find('=') - 2));
  }
  // The first words that several macros have in common.
  std::set<std::string> macro_prefixes() const {
    std::map<std::string, std::set<std::string>> macros;
    for (const UsedFlag& used : build_.flags) {
      const std::vector<std::string> words = macro_words(used.flag);
      if (words.size() > 1) macros[words.front()].insert(joined_words(words));
    }
    std::set<std::string> prefixes = prefixes_;
    for (const auto& [word, names] : macros) {
      if (names.size() > 1 && !knowledge_.has_word("gpu", word)) prefixes.insert(word);
    }
    return prefixes;
  }
  // -DDEMO_USE_GPU is a switch for all GPUs.
  void find_gpu_macro() {
    const std::set<std::string> prefixes = macro_prefixes();
    const auto is_about_gpus = [&](const std::string& word) {
      return word != "DEVICE" && knowledge_.has_word("gpu", word);
    };
    for (const UsedFlag& used : build_.flags) {
      const OptionName name = read_option_name(joined_words(macro_words(used.flag)), prefixes, knowledge_);
      const bool is_switch = !name.is_negative && !name.words.empty() && std::ranges::all_of(name.words, is_about_gpus);
      if (!is_switch || !found_.gpu_flag.empty()) continue;
      found_.gpu_flag = used.flag;
      found_.supports_gpu = true;
    }
  }
  // What an option of a compiler or linker is about: -fopenmp, -lfftw3, -DUSE_MPI=1.
  std::optional<KnownFlag> known_flag(const std::string& flag) const {
    if (const KnownFlag* known = knowledge_.flag(flag)) return *known;
    const KnownTerm* term = nullptr;
    if (flag.starts_with("-l")) {
      term = knowledge_.term_by_library_option(flag.substr(2));
    } else if (flag.starts_with("-D") && !flag.ends_with("=0")) {
      term = term_of(read_option_name(flag.substr(2, flag.find('=') - 2), prefixes_, knowledge_), knowledge_);
    }
    return term == nullptr ? std::nullopt : std::optional(KnownFlag{flag, term->name, term->name});
  }
  UsedFlag most_used(const std::map<std::string, std::size_t>& counts, bool is_comment) const {
    // Names of compilers tell of a term, but -DMPI is how the makefile asks for it.
    const auto is_option = [](const auto& entry) { return is_compiler_option(entry.first); };
    const bool has_options = std::ranges::any_of(counts, is_option);
    std::size_t most = 0;
    for (const auto& entry : counts) {
      if (!has_options || is_option(entry)) most = std::max(most, entry.second);
    }
    for (const UsedFlag& used : build_.flags) {
      const auto found = counts.find(used.flag);
      const bool is_such = found != counts.end() && (!has_options || is_option(*found));
      if (used.is_comment == is_comment && is_such && found->second == most) return used;
    }
    return {};
  }
  void add_flag(const KnownTerm& term, const std::string& name, const UsedFlag& used) {
    const std::string& flag = used.flag;
    const auto known = std::ranges::find(found_.findings, term.name, &Finding::term);
    if (known != found_.findings.end()) {
      // The variable is how the user asks; the option is what a build without any variable would be given.
      if (is_compiler_option(flag) && build_.build_system == "make") known->flag = flag;
      return;
    }
    if (term.category == TermCategory::simd && term.machine == "build") return;
    Finding finding;
    finding.category = term.category;
    finding.name = name;
    finding.term = term.name;
    finding.place = used.place;
    finding.flag = is_compiler_option(flag) ? flag : define_beside(used, term);
    if (const BuildPoint* point = find_point(build_, used.guard)) {
      finding.point = point->name;
      finding.value = std::string(on_value(*point));
      // What must be compared with a text is not known to be on by 1.
      const bool is_switch = point->kind == PointKind::boolean;
      if (finding.flag.empty() && is_switch) finding.flag = flag_for(*point, finding.value);
    }
    finding.is_default = !used.is_comment && used.guard.empty() && term.category != TermCategory::simd;
    const auto is_same = [&](const Finding& other) {
      return other.category == finding.category && other.name == finding.name;
    };
    if (std::ranges::any_of(found_.findings, is_same)) return;
    if (term.category == TermCategory::gpu && found_.gpu_flag.empty()) found_.gpu_flag = finding.flag;
    found_.findings.push_back(std::move(finding));
  }
  // Whether a word of the macro's name is the term, one for all GPUs, or one of the variable that decides: HAVE_QUDA
  // for WANTQUDA.
  bool is_about(const std::string& macro, const std::string& guard, const KnownTerm& term) const {
    return std::ranges::any_of(name_words(macro), [&](const std::string& word) {
      const bool is_gpu = term.category == TermCategory::gpu && knowledge_.has_word("gpu", word);
      const bool is_of_guard = !knowledge_.has_word("neutral", word) && upper(guard).find(word) != std::string::npos;
      return is_in(term.words, word) || is_gpu || is_of_guard;
    });
  }
  // The first macro that the makefile defines under the same condition, and that is about the same.
  std::string define_beside(const UsedFlag& used, const KnownTerm& term) const {
    const auto found = std::ranges::find_if(build_.flags, [&](const UsedFlag& other) {
      return !used.guard.empty() && other.guard == used.guard && other.flag.starts_with("-D") &&
             is_about(other.flag.substr(2, other.flag.find('=') - 2), used.guard, term);
    });
    return found == build_.flags.end() ? "" : found->flag;
  }

  Discovery& found_;
  const BuildDescription& build_;
  const std::set<std::string>& prefixes_;
  const Knowledge& knowledge_;
  std::map<std::pair<std::string, std::size_t>, std::size_t> levels_;  // file, line -> the highest level
};

}  // namespace

void add_flag_findings(Discovery& found, const std::set<std::string>& prefixes, const Knowledge& knowledge) {
  FlagFindings(found, prefixes, knowledge).run();
}

}  // namespace xaas
