// The rules of spec/discovery.md, "Classification"; see discovery.h.
#include "mkimage/discover/discovery.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "format/base/text.h"
#include "mkimage/discover/choice_subject.h"
#include "mkimage/discover/flag_findings.h"
#include "mkimage/discover/help_values.h"
#include "mkimage/discover/internal_library.h"
#include "mkimage/discover/names.h"
#include "mkimage/discover/option_name.h"
#include "mkimage/discover/package_findings.h"

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
    if (finding.category == TermCategory::gpu) return gpu_switch_ == nullptr || !is_known_off(*gpu_switch_);
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
      if (!point.is_foreign && !is_aside(point)) visit(point);
    }
  }
  // Whether it is about tests or documents, and not about what is built.
  bool is_aside(const BuildPoint& point) const {
    const std::vector<std::string> words = name_words(point.name);
    return std::ranges::any_of(words, [&](const std::string& word) { return knowledge_.has_word("aside", word); });
  }
  const OptionName& name_of(const BuildPoint& point) const { return names_.at(point.name); }
  bool has_choice(TermCategory category) const { return choices_.contains(category); }
  const Finding* find(std::string_view term) const { return found_.find(term); }
  // Whether the build makes that choice by itself.
  static bool is_default(const BuildPoint& point, std::string_view value) {
    return point.is_offered && !point.is_of_host && point.default_value && upper(*point.default_value) == upper(value);
  }
  static bool is_default_on(const BuildPoint& point) {
    return point.is_offered && !point.is_of_host && point.default_value && is_on(*point.default_value);
  }
  static bool is_known_off(const BuildPoint& point) { return point.default_value && is_off(*point.default_value); }
  // The other way round for NO_MPI.
  bool is_used_by_default(const BuildPoint& point) const {
    if (!name_of(point).is_negative) return is_default_on(point);
    return point.form == FlagForm::bundle || !is_default_on(point);
  }

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
    if (offers(point, TermCategory::simd, has_word_with(name, {"SIMD", "ISA", "VECTOR", "ARCH"}) ? 1 : 2)) {
      return add_values(point, TermCategory::simd, true);
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
      finding.is_default = is_default(point, value.value);
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
      finding.is_default = is_default(point, value.value) && !is_foreign_code(term);
      finding.is_built_in = lower_case(value.label).find("built-in") != std::string::npos;
      finding.flag = flag_for(point, value.label);
      finding.value = value.value;
      add(std::move(finding));
    }
  }
  // Code for other processors than the host's is never built by default.
  static bool is_foreign_code(const KnownTerm* term) {
    return term != nullptr && term->category == TermCategory::simd && term->architecture != "x86";
  }

  Finding finding_at(const BuildPoint& point, TermCategory category, std::string name) const {
    Finding finding;
    finding.category = category;
    finding.name = std::move(name);
    finding.point = point.name;
    finding.condition = point.condition;
    if (!point.places.empty()) finding.place = point.places.front();
    return finding;
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

  bool is_gpu_text(const std::string& text) const {
    return std::ranges::any_of(name_words(text), [&](const std::string& word) {
      const KnownTerm* term = knowledge_.term_by_words(word);
      const bool is_model = term != nullptr && term->category == TermCategory::gpu;
      return word != "DEVICE" && (is_model || knowledge_.has_word("gpu", word));
    });
  }
  void classify_switch(const BuildPoint& point) {
    if (point.kind == PointKind::choice || !found_.gpu_flag.empty() || point.is_implicit) return;
    const OptionName& name = name_of(point);
    if (name.words.size() != 1 || !knowledge_.has_word("gpu", name.words.front()) || name.is_negative) return;
    // A device may be one of a network.
    const bool is_vague = name.words.front() == "DEVICE" && !is_gpu_text(point.help);
    // What the files put into the cache under a condition, without a word for the user, is a result of other options.
    const bool is_result = point.help.empty() && !point.condition.empty();
    if (is_vague || is_result || names_files(point)) return;
    found_.gpu_flag = short_flag(point);
    found_.supports_gpu = true;
    if (point.kind == PointKind::boolean) gpu_switch_ = &point;
  }

  // --with-cuda-libs=LIBS says where something is, and does not ask for it.
  static bool names_files(const BuildPoint& point) {
    const std::vector<std::string> words = name_words(point.name);
    return point.kind == PointKind::text && !words.empty() &&
           is_in(std::to_array<std::string_view>({"LIB", "LIBRARIES", "LIBRARY", "LIBS"}), words.back());
  }
  void classify_boolean(const BuildPoint& point) {
    const bool is_switch = point.kind == PointKind::boolean || (point.kind == PointKind::choice && offers_yes(point)) ||
                           point.form == FlagForm::with || is_switch_by_default(point);
    if (!is_switch) return;
    const OptionName& name = name_of(point);
    const KnownTerm* term = term_of(name, knowledge_);
    if (term == nullptr) term = library_of_gpu(name);
    if (term == nullptr) return classify_pair(point, name);
    if (const KnownTerm* model = model_behind(*term, point)) term = model;
    if (point.is_implicit && !is_plausible(point, *term)) return;
    if (is_left_to_choice(*term) && term->category != TermCategory::linear_algebra) return;
    if (!is_library_category(term->category) && names_files(point)) return;
    add_boolean(point, name, *term);
  }
  // Where there is a choice, single options for its terms count no more. Processes and threads go together, so that a
  // choice of the one says nothing of the other. A choice of instruction sets may be that of a part of the project.
  bool is_left_to_choice(const KnownTerm& term) const {
    const bool is_of_part = term.category == TermCategory::parallel || term.category == TermCategory::simd;
    return has_choice(term.category) && (!is_of_part || find(term.name) != nullptr);
  }
  // BLAS_LAPACK is about both interfaces, and SSE_AND_AVX about both instruction sets. MKL_SCALAPACK is about one
  // library in the place of another.
  void classify_pair(const BuildPoint& point, const OptionName& name) {
    std::vector<const KnownTerm*> terms;
    for (const std::string& word : name.words) {
      if (word != "AND" && word != "FLAGS") terms.push_back(knowledge_.term_by_words(word));
    }
    const auto is_meant = [&](const KnownTerm* term) {
      return term != nullptr && (is_library_interface(*term) || term->category == TermCategory::simd);
    };
    const bool are_alike = std::ranges::all_of(
        terms, [&](const KnownTerm* term) { return is_meant(term) && term->category == terms.front()->category; });
    if (terms.size() != 2 || !are_alike || point.is_implicit) return;
    for (const KnownTerm* term : terms) add_boolean(point, name, *term);
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
  // HIPBLAS with the help "ROCm backend" stands for HIP, if no option is called so.
  const KnownTerm* model_behind(const KnownTerm& library, const BuildPoint& point) const {
    if (library.devices.empty() || !is_library_category(library.category)) return nullptr;
    const std::vector<std::string> words = name_words(point.help);
    for (std::size_t i = 0; i + 1 < words.size(); ++i) {
      const KnownTerm* model = words[i + 1] == "BACKEND" ? knowledge_.term_by_words(words[i]) : nullptr;
      const bool is_its_model =
          model != nullptr && model->category == TermCategory::gpu && model->devices == library.devices;
      const auto is_about_model = [&](const auto& entry) { return term_of(entry.second, knowledge_) == model; };
      if (is_its_model && std::ranges::none_of(names_, is_about_model)) return model;
    }
    return nullptr;
  }
  // FORCE_CUBLAS and CUDA_CUBLAS are about cuBLAS.
  const KnownTerm* library_of_gpu(const OptionName& name) const {
    if (name.words.size() < 2) return nullptr;
    const KnownTerm* term = knowledge_.term_by_words(name.words.back());
    const bool is_library = term != nullptr && !term->devices.empty() && term->category == TermCategory::linear_algebra;
    if (!is_library) return nullptr;
    const bool is_qualified = std::all_of(name.words.begin(), name.words.end() - 1, [&](const std::string& word) {
      const KnownTerm* qualifier = knowledge_.term_by_words(word);
      return knowledge_.has_word("neutral", word) || (qualifier != nullptr && qualifier->category == TermCategory::gpu);
    });
    return is_qualified ? term : nullptr;
  }
  // The point is a switch for what is found, or against it.
  void ask_by(const BuildPoint& point, Finding& finding) const {
    const bool is_negative = name_of(point).is_negative;
    finding.value = std::string(is_negative ? off_value(point) : on_value(point));
    // An option of a bundle has no opposite.
    const bool is_chosen_by_no = is_negative && point.form != FlagForm::bundle;
    finding.flag = is_chosen_by_no ? flag_for(point, finding.value) : short_flag(point);
  }
  void add_boolean(const BuildPoint& point, const OptionName& name, const KnownTerm& term) {
    Finding finding = finding_at(point, term.category, term.name);
    finding.term = term.name;
    finding.is_default = is_used_by_default(point) && !is_foreign_code(&term);
    ask_by(point, finding);
    if (name.provenance == Provenance::internal || name.provenance == Provenance::downloaded) {
      // The library is used either way; the option says where it comes from.
      finding.is_built_in = true;
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
      if (std::ranges::count_if(members, is_simd) < 2) continue;
      for (const BuildPoint* point : members) add_member(*point);
    }
  }
  void add_member(const BuildPoint& point) {
    const std::string& word = name_of(point).words.back();
    const KnownTerm* term = knowledge_.term_by_words(word);
    const std::string name = term != nullptr ? term->name : word.substr(0, 1) + lower_case(word.substr(1));
    Finding finding = finding_at(point, TermCategory::simd, name);
    if (term != nullptr) finding.term = term->name;
    finding.is_default = is_default_on(point) && !is_foreign_code(term);
    finding.flag = short_flag(point);
    finding.value = std::string(on_value(point));
    add(std::move(finding));
  }

  // "GPU support by OpenACC" is the way to ask for OpenACC, if no option is about that.
  void classify_help_of_switch() {
    if (gpu_switch_ == nullptr || has_choice(TermCategory::gpu)) return;
    for (const std::string& word : name_words(gpu_switch_->help)) {
      const KnownTerm* term = word.size() > 3 || word == "HIP" ? knowledge_.term_by_words(word) : nullptr;
      if (term == nullptr || term->category != TermCategory::gpu || find(term->name) != nullptr) continue;
      Finding finding = finding_at(*gpu_switch_, TermCategory::gpu, term->name);
      finding.term = term->name;
      finding.is_default = is_default_on(*gpu_switch_);
      finding.value = std::string(on_value(*gpu_switch_));
      finding.flag = short_flag(*gpu_switch_);
      add(std::move(finding));
    }
  }
  // "Enable the CUDA and cuFFT backend" and "MKL for LAPACK and FFTW" name a library for Fourier transforms, too.
  void classify_help(const BuildPoint& point) {
    const OptionName& name = name_of(point);
    const KnownTerm* term = term_of(name, knowledge_);
    const bool is_switch = point.kind == PointKind::boolean || (point.kind == PointKind::choice && offers_yes(point));
    if (!is_switch || term == nullptr || point.is_implicit || has_choice(TermCategory::fft)) return;
    for (const std::string& word : name_words(point.help)) {
      const KnownTerm* library = knowledge_.term_by_words(word);
      const bool is_of_gpu = library != nullptr && library->category == TermCategory::fft &&
                             term->category == TermCategory::gpu && library->devices == term->devices;
      const bool is_mkl = term->name == "MKL" && (word == "FFT" || word == "FFTS" || word == "FFTW");
      if (!is_of_gpu && !is_mkl) continue;
      Finding finding = finding_at(point, TermCategory::fft, is_mkl ? term->name : library->name);
      finding.term = finding.name;
      finding.is_default = is_used_by_default(point);
      ask_by(point, finding);
      add(std::move(finding));
    }
  }
  // A switch for vector instructions that says no more.
  void classify_simd(const BuildPoint& point) {
    const OptionName& name = name_of(point);
    const auto is_simd = [](const Finding& finding) { return finding.category == TermCategory::simd; };
    if (point.kind != PointKind::boolean || point.is_implicit || name.is_negative || name.joined() != "SIMD") return;
    if (std::ranges::any_of(found_.findings, is_simd)) return;
    Finding finding = finding_at(point, TermCategory::simd, "SIMD");
    finding.is_default = is_default_on(point);
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
      finding.is_default = is_default(*vendor, value) && (blas_switch == nullptr || is_default_on(*blas_switch));
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
  const BuildPoint* gpu_switch_ = nullptr;  // a switch for all GPUs
};

}  // namespace

Discovery classify(BuildDescription build, const Knowledge& knowledge) {
  Discovery discovery;
  discovery.build = std::move(build);
  Classifier(discovery, knowledge).run();
  return discovery;
}

}  // namespace xaas
