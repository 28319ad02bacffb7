// The rules of spec/discovery.md, "Classification"; see discovery.h.
#include "mkimage/discover/discovery.h"

#include <algorithm>
#include <map>
#include <set>

#include "format/base/text.h"
#include "mkimage/discover/choice_subject.h"
#include "mkimage/discover/flag_findings.h"
#include "mkimage/discover/help_findings.h"
#include "mkimage/discover/help_values.h"
#include "mkimage/discover/internal_library.h"
#include "mkimage/discover/names.h"
#include "mkimage/discover/option_name.h"
#include "mkimage/discover/package_findings.h"
#include "mkimage/discover/point_finding.h"
#include "mkimage/discover/switch_subject.h"

namespace xaas {
namespace {

// OCL, OMP and ACC are short for what they stand for. ROCM is a name.
constexpr std::size_t kLongestAbbreviation = 3;

class Classifier {
 public:
  Classifier(Discovery& discovery, const Knowledge& knowledge)
      : found_(discovery),
        build_(discovery.build),
        knowledge_(knowledge),
        prefixes_(find_prefixes(build_, knowledge)) {}

  void run() {
    for (const BuildPoint& point : build_.points) {
      if (!point.is_foreign) names_[point.name] = read_option_name(point.name, prefixes_, knowledge_);
    }
    for (const BuildPoint& point : build_.points) {
      points_.try_emplace(point.name, &point);
      const std::vector<std::string> words = name_words(point.name);
      if (!point.is_implicit && !point.is_foreign && words.size() > 1) declared_first_words_.insert(words.front());
    }
    for_each_point([&](const BuildPoint& point) {
      if (point.kind != PointKind::boolean || name_of(point).words.empty()) return;
      const KnownTerm* term = knowledge_.term_by_words(name_of(point).words.back());
      if (term != nullptr && term->category == TermCategory::simd) simd_switches_.insert(term);
    });
    for_each_point([&](const BuildPoint& point) { classify_switch(point); });
    for_each_point([&](const BuildPoint& point) { classify_choice(point); });
    for_each_point([&](const BuildPoint& point) { classify_text(point); });
    for_each_point([&](const BuildPoint& point) { classify_boolean(point); });
    classify_families();
    classify_vendors();
    join_pairs();
    for_each_point([&](const BuildPoint& point) { classify_models_of_gpus(point); });
    for_each_point([&](const BuildPoint& point) { classify_help(point); });
    classify_help_of_switch();
    for_each_point([&](const BuildPoint& point) { classify_simd(point); });
    add_package_findings(found_, {prefixes_, names_, choices_, gpu_switch_}, knowledge_);
    add_flag_findings(found_, prefixes_, knowledge_);
    found_.internal = find_internal_library(build_, names_, knowledge_);
    sort_by_category();  // what needs a GPU comes behind those of GPUs
    for (Finding& finding : found_.findings) finding.is_default = finding.is_default && has_its_gpu(finding);
    for (const Finding& finding : found_.findings) {
      found_.supports_gpu = found_.supports_gpu || finding.category == TermCategory::gpu;
    }
  }

 private:
  // A back end is used by default only where a switch for all GPUs is on, if there is one, and cuSOLVER only where CUDA
  // is.
  bool has_its_gpu(const Finding& finding) const {
    if (finding.category == TermCategory::gpu || finding.term == "OpenMP_offload")
      return gpu_switch_ == nullptr || !is_off_by_default(*gpu_switch_);
    const KnownTerm* term = knowledge_.term(finding.term);
    if (term == nullptr || !is_library_category(term->category) || term->devices.empty()) return true;
    return std::ranges::any_of(found_.findings, [&](const Finding& other) {
      const KnownTerm* model = knowledge_.term(other.term);
      return other.is_default && model != nullptr && model->category == TermCategory::gpu &&
             model->devices == term->devices;
    });
  }
  void sort_by_category() {
    std::vector<Finding> sorted;
    for (const TermCategory category : {TermCategory::gpu, TermCategory::parallel, TermCategory::linear_algebra,
                                        TermCategory::fft, TermCategory::simd}) {
      for (const Finding& finding : found_.findings) {
        if (finding.category == category) sorted.push_back(finding);
      }
    }
    found_.findings = std::move(sorted);
  }
  void for_each_point(const auto& visit) {
    for (const BuildPoint& point : build_.points) {
      if (!point.is_foreign && !is_about_tests(point, knowledge_)) visit(point);
    }
  }
  const OptionName& name_of(const BuildPoint& point) const { return names_.at(point.name); }
  bool has_choice(TermCategory category) const { return choices_.contains(category); }
  const Finding* find(std::string_view term) const { return found_.find(term); }
  bool offers(const BuildPoint& point, TermCategory category, std::size_t least) const {
    return offers_terms(point, category, least, knowledge_);
  }
  // Beside a choice of models, one of vendors says for whose GPUs.
  bool is_choice_of_backends(const BuildPoint& point) const {
    const bool is_of_vendors = is_in(name_words(point.name), "VENDOR") && has_choice(TermCategory::gpu);
    return !is_of_vendors && is_choice_of_gpus(point, name_of(point), knowledge_);
  }

  void classify_choice(const BuildPoint& point) {
    if (point.kind != PointKind::choice) return;
    const OptionName& name = name_of(point);
    if (point.is_open) return classify_open_choice(with_help_values(point, name, knowledge_), name);
    if (has_word_with(name, {"FFT"}) && offers(point, TermCategory::fft, 1)) {
      return add_values(point, TermCategory::fft, true);
    }
    if (is_choice_of_simd(point, name, knowledge_)) {
      if (!is_left_to_options(point)) add_values(point, TermCategory::simd, true);
      return;
    }
    if (is_choice_of_backends(point)) return add_backends(point);
    if (has_word_with(name, {"BLAS", "LAPACK", "LINALG", "LINEAR"}) && offers(point, TermCategory::linear_algebra, 1)) {
      // BLAS=CUDA asks for a GPU.
      if (!has_choice(TermCategory::gpu) && offers(point, TermCategory::gpu, 1))
        add_values(point, TermCategory::gpu, false);
      return add_values(point, TermCategory::linear_algebra, false);
    }
    if (is_choice_of_parallel(point, name, knowledge_)) {
      add_values(point, TermCategory::parallel, false);
    } else if (offers_yes(point)) {
      classify_boolean(point);
    }
  }
  // MAX_ISA=NONE leaves it to ISA_AVX and ISA_AVX2.
  bool is_left_to_options(const BuildPoint& choice) const {
    if (!is_off(choice.default_value.value_or(""))) return false;
    return 2 <= std::ranges::count_if(choice.values, [&](const BuildValue& value) {
             const KnownTerm* term = term_of_value(value.value, knowledge_);
             return term != nullptr && simd_switches_.contains(term);
           });
  }
  // Values that conditions ask for are not all that there are.
  void classify_open_choice(const BuildPoint& point, const OptionName& name) {
    if (offers(point, TermCategory::simd, 2)) return add_values(point, TermCategory::simd, true);
    if (is_choice_of_backends(point)) return add_backends(point);
    if (is_choice_of_parallel(point, name, knowledge_)) return add_values(point, TermCategory::parallel, false);
    if (has_word_with(name, {"FFT"}) && offers(point, TermCategory::fft, 2))
      return add_values(point, TermCategory::fft, false);
    if (has_word_with(name, {"BLAS", "LAPACK", "LINALG"}) && offers(point, TermCategory::linear_algebra, 2))
      return add_values(point, TermCategory::linear_algebra, false);
    if (offers_yes(point)) classify_boolean(point);
  }
  // Where only the help lists the values.
  void classify_text(const BuildPoint& point) {
    if (point.kind != PointKind::text) return;
    const BuildPoint choice = with_help_values(point, name_of(point), knowledge_);
    const auto is_known = [&](TermCategory category) { return offers(choice, category, 2); };
    if (choice.kind == PointKind::text || std::ranges::any_of(choices_, is_known)) return;
    classify_open_choice(choice, name_of(point));
  }
  void add_backends(const BuildPoint& point) {
    if (found_.gpu_flag.empty()) found_.gpu_flag = short_flag(point);
    add_values(point, TermCategory::gpu, false);
  }
  // Where CUDA and OpenMP are values of one choice, it is the way to ask for OpenMP, unless an option is about that.
  void classify_models_of_gpus(const BuildPoint& point) {
    if (point.kind != PointKind::choice || !is_choice_of_backends(point)) return;
    for (const BuildValue& value : point.values) {
      const KnownTerm* term = term_of_value(value.value, knowledge_);
      // OpenMP for GPUs is that of its directive target.
      const bool is_of_gpus = has_word_with(name_of(point), {"GPU", "ACCEL"});
      if (term != nullptr && term->name == "OpenMP" && is_of_gpus) term = knowledge_.term("OpenMP_offload");
      if (term == nullptr || term->category != TermCategory::parallel || find(term->name) != nullptr) continue;
      Finding finding = finding_at(point, TermCategory::parallel, term->name);
      finding.term = term->name;
      finding.is_default = is_default_value(point, value.value);
      finding.flag = flag_for(point, value.label);
      finding.value = value.value;
      add(std::move(finding));
    }
  }
  void add_values(const BuildPoint& point, TermCategory category, bool takes_all) {
    choices_.insert(category);
    for (const BuildValue& value : point.values) {
      const KnownTerm* term = term_of_value(value.value, knowledge_);
      // ATLAS is a library for linear algebra where it stands beside others.
      if (term == nullptr && category == TermCategory::linear_algebra)
        term = term_of_value(value.value + "_BLAS", knowledge_);
      const bool is_such = term != nullptr && is_of_category(*term, category);
      if (value.value.empty() || (!takes_all && !is_such)) continue;
      Finding finding = finding_at(point, category, value.label);
      if (is_such) finding.term = term->name;
      // Models have names that all projects share: OCL is OpenCL.
      const bool is_model = category == TermCategory::gpu || category == TermCategory::parallel;
      if (is_model && is_such && upper(term->name) != upper(value.label)) {
        if (offers_name(point, term->name)) continue;
        if (value.label.size() <= kLongestAbbreviation) finding.name = term->name;
      }
      finding.is_default = is_default_value(point, value.value) && !is_foreign_code(term);
      finding.is_built_in = lower_case(value.label).find("built-in") != std::string::npos;
      finding.flag = flag_for(point, value.label);
      finding.value = value.value;
      add(std::move(finding));
    }
  }
  // Of several points for one term, the first that is offered counts.
  void add(Finding finding) {
    const auto [entry, is_new] = index_.try_emplace({finding.category, finding.name}, found_.findings.size());
    if (is_new) return found_.findings.push_back(std::move(finding));
    Finding* known = &found_.findings[entry->second];
    if (known->point == finding.point || known->point.empty()) return;
    const BuildPoint* old_point = point_of(known->point);
    const BuildPoint* new_point = point_of(finding.point);
    if (old_point == nullptr || new_point == nullptr || !new_point->is_offered) return;
    // BUILD_TBB says that TBB is built, too. WITH_TBB says that it is used.
    const bool is_better = !old_point->is_offered || (says_build(*old_point) && !says_build(*new_point));
    if (is_better) *known = std::move(finding);
  }

  // For findings that moved, or have other names.
  void index_findings() {
    index_.clear();
    for (std::size_t i = 0; i < found_.findings.size(); ++i)
      index_.try_emplace({found_.findings[i].category, found_.findings[i].name}, i);
  }
  // Null if there is none.
  const BuildPoint* point_of(const std::string& name) const {
    const auto found = points_.find(name);
    return found == points_.end() ? nullptr : found->second;
  }

  static bool says_build(const BuildPoint& point) { return is_in(name_words(point.name), "BUILD"); }

  void classify_switch(const BuildPoint& point) {
    if (!found_.gpu_flag.empty() || !is_switch_for_gpus(point, name_of(point), knowledge_)) return;
    found_.gpu_flag = short_flag(point);
    found_.supports_gpu = true;
    if (point.kind == PointKind::boolean) gpu_switch_ = &point;
  }
  void classify_boolean(const BuildPoint& point) {
    const bool is_switch = point.kind == PointKind::boolean || (point.kind == PointKind::choice && offers_yes(point)) ||
                           point.form == FlagForm::with || is_switch_by_default(point);
    if (!is_switch) return;
    for (const OptionSubject& subject : subjects_of_switch(point, names_, knowledge_)) {
      const KnownTerm* term = subject.term;
      if (point.is_implicit && !is_plausible(point, *term)) continue;
      if (is_left_to_choice(*term) && term->category != TermCategory::linear_algebra) continue;
      if (!is_library_category(term->category) && names_files(point)) continue;
      add_boolean(point, name_of(point), subject);
    }
  }
  // Where there is a choice, single options for its terms count no more. Processes and threads go together, so that a
  // choice of the one says nothing of the other. A choice of instruction sets may be that of a part of the project.
  bool is_left_to_choice(const KnownTerm& term) const {
    const bool is_of_part = term.category == TermCategory::parallel || term.category == TermCategory::simd;
    return has_choice(term.category) && (!is_of_part || find(term.name) != nullptr);
  }
  // A variable that is only asked for counts where options of the same project are declared beside it, and nothing else
  // stands for the term.
  bool is_plausible(const BuildPoint& point, const KnownTerm& term) const {
    const std::vector<std::string> words = name_words(point.name);
    return (term.category == TermCategory::gpu || term.category == TermCategory::parallel) && words.size() > 1 &&
           (prefixes_.contains(words.front()) || is_as_declared(words)) && find(term.name) == nullptr &&
           !has_choice(term.category);
  }
  // ENABLE_MPI, where the project declares ENABLE_DOCS.
  bool is_as_declared(const std::vector<std::string>& words) const {
    return is_in(std::to_array<std::string_view>({"ENABLE", "USE", "WITH"}), words.front()) &&
           declared_first_words_.contains(words.front());
  }
  void add_boolean(const BuildPoint& point, const OptionName& name, const OptionSubject& subject) {
    const KnownTerm& term = *subject.term;
    Finding finding = finding_at(point, subject.category, subject.name);
    finding.term = term.name;
    // Compilers know all instruction sets of x86-64.
    const bool is_of_compiler =
        term.category == TermCategory::simd && !name.is_negative && is_on_if_compiler_can(point);
    finding.is_default = (is_used_by_default(point, name) || is_of_compiler) && !is_foreign_code(&term);
    ask_by(point, name, finding);
    if (name.provenance == Provenance::internal || name.provenance == Provenance::downloaded) {
      // The library is used either way; the option says where it comes from.
      finding.is_built_in = is_on_by_default(point);
      finding.flag.clear();
      if (!is_library_category(term.category)) return;
      finding.is_default = true;
    }
    add(std::move(finding));
  }

  // Options that differ only in their last word are about one thing. If two of them are instruction sets, all are:
  // USE_V4_SSE, USE_V4_ALTIVEC, USE_V4_PORTABLE.
  void classify_families() {
    if (has_choice(TermCategory::simd)) return;
    std::map<std::string, std::vector<const BuildPoint*>> families;
    for_each_point([&](const BuildPoint& point) {
      const OptionName& name = name_of(point);
      if (point.kind != PointKind::boolean || name.words.size() < 2 || point.is_implicit) return;
      const KnownTerm* term = knowledge_.term_by_words(name.words.back());
      if (term != nullptr && term->category != TermCategory::simd) return;
      families[joined_words({name.words.begin(), name.words.end() - 1})].push_back(&point);
    });
    for (const auto& [stem, members] : families) {
      const auto is_simd = [&](const BuildPoint* point) {
        const KnownTerm* term = knowledge_.term_by_words(name_of(*point).words.back());
        return term != nullptr && term->category == TermCategory::simd;
      };
      // ARCH_HSW and ARCH_KNL beside fifty others are names of CPUs.
      const auto sets = static_cast<std::size_t>(std::ranges::count_if(members, is_simd));
      if (sets < 2 || sets * 2 < members.size()) continue;
      for (const BuildPoint* point : members) {
        if (subjects_of_switch(*point, names_, knowledge_).empty()) add_member(*point);
      }
    }
  }
  void add_member(const BuildPoint& point) {
    const std::string& word = name_of(point).words.back();
    const KnownTerm* term = knowledge_.term_by_words(word);
    std::string name = term != nullptr ? term->name : word.substr(0, 1) + lower_case(word.substr(1));
    const bool is_of_other = is_of_other_processor(name_of(point), knowledge_);
    if (is_of_other) name = name_of(point).joined();
    Finding finding = finding_at(point, TermCategory::simd, name);
    if (term != nullptr) finding.term = term->name;
    finding.is_default = is_on_by_default(point) && !is_of_other && !is_foreign_code(term);
    finding.flag = short_flag(point);
    finding.value = std::string(on_value(point));
    add(std::move(finding));
  }

  // It is the way to ask for the models that its help names, if no option is about them.
  void classify_help_of_switch() {
    if (gpu_switch_ == nullptr || has_choice(TermCategory::gpu)) return;
    for (Finding& finding : models_in_help(*gpu_switch_, knowledge_)) {
      if (find(finding.term) == nullptr) add(std::move(finding));
    }
  }
  void classify_help(const BuildPoint& point) {
    if (has_choice(TermCategory::fft)) return;
    for (Finding& finding : transforms_in_help(point, name_of(point), knowledge_)) add(std::move(finding));
  }
  // A switch for vector instructions that says no more.
  void classify_simd(const BuildPoint& point) {
    const OptionName& name = name_of(point);
    const auto is_simd = [](const Finding& finding) { return finding.category == TermCategory::simd; };
    if (point.kind != PointKind::boolean || point.is_implicit || name.is_negative || name.joined() != "SIMD") return;
    if (std::ranges::any_of(found_.findings, is_simd)) return;
    Finding finding = finding_at(point, TermCategory::simd, "SIMD");
    finding.is_default = is_on_by_default(point);
    finding.flag = short_flag(point);
    finding.value = std::string(on_value(point));
    add(std::move(finding));
  }

  // A text that names the vendor of FindBLAS, beside a switch for BLAS.
  void classify_vendors() {
    const auto about_vendor = [&](const BuildPoint& point) {
      return !point.is_foreign && !point.is_implicit && point.kind == PointKind::text &&
             name_of(point).joined() == "BLAS_VENDOR";
    };
    const auto vendor = std::ranges::find_if(build_.points, about_vendor);
    if (vendor == build_.points.end()) return;
    choices_.insert(TermCategory::linear_algebra);
    const Finding* blas = find("BLAS");
    const std::string on = blas != nullptr && !blas->point.empty() ? blas->flag + "=ON " : "";
    const std::string point = blas != nullptr ? blas->point : "";
    std::erase_if(found_.findings, [](const Finding& finding) { return finding.term == "BLAS"; });
    index_findings();
    for (const auto& [value, term] : knowledge_.blas_vendors) {
      Finding finding = finding_at(*vendor, TermCategory::linear_algebra, term);
      finding.term = term;
      finding.flag = on + flag_for(*vendor, value);
      finding.value = value;
      const BuildPoint* blas_switch = point_of(point);
      finding.is_default =
          is_default_value(*vendor, value) && (blas_switch == nullptr || is_on_by_default(*blas_switch));
      add(std::move(finding));
    }
  }

  // EXTERNAL_BLAS and EXTERNAL_LAPACK are one choice, for which there is no one flag.
  void join_pairs() {
    const auto external = [&](std::string_view term) {
      return std::ranges::find_if(found_.findings, [&](const Finding& finding) {
        const BuildPoint* point = point_of(finding.point);
        return finding.term == term && point != nullptr && name_of(*point).provenance == Provenance::external;
      });
    };
    const auto blas = external("BLAS");
    const auto lapack = external("LAPACK");
    if (blas == found_.findings.end() || lapack == found_.findings.end()) return;
    blas->name = "BLAS/LAPACK";
    blas->flag.clear();
    blas->is_default = blas->is_default && lapack->is_default;
    found_.findings.erase(lapack);
    index_findings();
  }

  Discovery& found_;
  const BuildDescription& build_;
  const Knowledge& knowledge_;
  std::set<std::string> prefixes_;
  std::map<std::string, OptionName> names_;
  std::map<std::string, const BuildPoint*> points_;                    // by their names
  std::set<std::string> declared_first_words_;                         // of names that are declared
  std::map<std::pair<TermCategory, std::string>, std::size_t> index_;  // of findings
  std::set<TermCategory> choices_;
  std::set<const KnownTerm*> simd_switches_;  // for which there is a switch
  const BuildPoint* gpu_switch_ = nullptr;    // a switch for all GPUs
};

}  // namespace

Discovery classify(BuildDescription build, const Knowledge& knowledge) {
  Discovery discovery;
  discovery.build = std::move(build);
  Classifier(discovery, knowledge).run();
  return discovery;
}

}  // namespace xaas
