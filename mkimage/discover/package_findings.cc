// See package_findings.h.
#include "mkimage/discover/package_findings.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "format/base/text.h"
#include "mkimage/discover/names.h"
#include "mkimage/discover/switch_subject.h"

namespace xaas {
namespace {

// So many packages with one word in front are called after that word.
constexpr std::size_t kPackagesOfPrefix = 3;

// Custom in CustomBlas; "" if the name has no second word.
std::string first_word_of_package(const std::string& package) {
  const auto is_capital = [](char c) { return c >= 'A' && c <= 'Z'; };
  const bool is_word = package.size() > 2 && is_capital(package[0]) && !is_capital(package[1]);
  const auto end = is_word ? std::find_if(package.begin() + 1, package.end(), is_capital) : package.end();
  return end == package.end() ? "" : std::string(package.begin(), end);
}

// Whether a condition only asks whether options are on.
bool is_of_switches(const std::string& condition) {
  return !condition.empty() && condition.find(" STREQUAL ") == std::string::npos &&
         condition.find(" MATCHES ") == std::string::npos;
}

// "A", "B" and words such as NOT in "A AND NOT (B)".
std::vector<std::string> split_words(const std::string& condition) {
  std::vector<std::string> words(1);
  for (const char c : condition) {
    const bool is_part = c != ' ' && c != '(' && c != ')';
    if (is_part) words.back() += c;
    if (!is_part && !words.back().empty()) words.emplace_back();
  }
  return words;
}

// Libraries that a choice of BLAS leaves open.
bool is_beside_blas(const KnownTerm& term) { return term.name == "LAPACK" || term.name == "ScaLAPACK"; }

class PackageFindings {
 public:
  PackageFindings(Discovery& found, const ClassifiedPoints& points, const Knowledge& knowledge)
      : found_(found), build_(found.build), points_(points), knowledge_(knowledge) {
    for (const BuildPoint& point : build_.points) by_name_.try_emplace(point.name, &point);
    std::map<std::string, std::set<std::string>> followers;
    for (const UsedPackage& package : build_.packages)
      followers[first_word_of_package(package.name)].insert(package.name);
    for (const std::string& prefix : points.prefixes) prefixes_.insert(prefix);
    for (const auto& [word, packages] : followers) {
      if (!word.empty() && packages.size() >= kPackagesOfPrefix) prefixes_.insert(upper(word));
    }
  }

  void run() {
    for (const UsedPackage& package : build_.packages) {
      if (const KnownTerm* term = term_of_package(package.name)) add_package(package, *term);
    }
    for (const UsedPackage& link : build_.links) add_link(link);
  }

 private:
  // A project calls its own modules after itself, or all by one word: DEMO_FFTW or DemoFFTW finds FFTW, CustomBlas and
  // CustomLapack find BLAS and LAPACK.
  const KnownTerm* term_of_package(const std::string& package) const {
    if (const KnownTerm* term = knowledge_.term_by_package(package)) return term;
    std::string rest = upper(package);
    for (bool is_shorter = true; is_shorter;) {
      is_shorter = false;
      for (const std::string& prefix : prefixes_) {
        if (!rest.starts_with(prefix)) continue;
        rest.erase(0, prefix.size());
        if (rest.starts_with('_')) rest.erase(0, 1);
        is_shorter = !rest.empty();
      }
    }
    return knowledge_.term_by_package(rest);
  }

  bool is_covered(const KnownTerm& term) const {
    if (found_.find(term.name) != nullptr) return true;
    const auto is_pair = [](const Finding& finding) { return finding.name == "BLAS/LAPACK"; };
    const bool is_of_category = points_.choices.contains(term.category) && term.category != TermCategory::parallel;
    if (is_of_category) return !is_beside_blas(term);
    return term.name == "LAPACK" && std::ranges::any_of(found_.findings, is_pair);
  }

  void add_package(const UsedPackage& package, const KnownTerm& term) {
    // What comes with a GPU's programming model is not asked for apart.
    if (comes_with_gpu(package, term)) return;
    if (is_covered(term) || is_own_name(package.name) || is_of_vendor(package, term)) return;
    const BuildPoint* guard = own_switch(package.guard);
    const bool is_always = package.is_always && (package.is_required || term.category == TermCategory::parallel ||
                                                 is_library_category(term.category));
    Finding finding;
    finding.category = term.category;
    finding.name = term.name;
    finding.term = term.name;
    finding.place = package.place;
    finding.is_default = is_always || (guard != nullptr && is_on(guard->default_value.value_or("")) &&
                                       guard->is_offered && !guard->is_of_host);
    if (is_always) return add(std::move(finding));
    if (guard != nullptr) {
      // A switch for MPI that also brings ScaLAPACK is not the way to ask for ScaLAPACK.
      const bool is_of_other_term = knowledge_.term_by_words(points_.names.at(guard->name).joined()) != nullptr;
      if (is_of_other_term) finding.condition = guard->name;
      const bool is_of_part = !is_library_category(term.category) && builds_a_part(*guard, term);
      if (is_of_part) finding.condition = guard->name;
      if (!is_of_other_term && !is_of_part) ask_by(*guard, finding);
      return add(std::move(finding));
    }
    finding.condition = package.condition;
    if (const BuildPoint* point = switch_around(package, term)) {
      ask_by(*point, finding);
      finding.is_default = package.is_by_default && package.is_required;
      return add(std::move(finding));
    }
    const bool is_of_host = package.is_of_host && package.is_required;
    const bool is_model = !is_library_category(term.category);
    const bool is_left = is_model ? is_of_own_switches(package.condition)
                                  : is_of_host || is_of_switches(package.condition) || is_behind_blas(package, term);
    // BLAS where no option for another library is on.
    finding.is_default = package.is_by_default && !package.is_of_host;
    if (is_left) add(std::move(finding));
  }

  // Whether nothing but the switch for a GPU asks for it. One for BLAS, or for Fourier transforms, does.
  bool comes_with_gpu(const UsedPackage& package, const KnownTerm& term) const {
    if (!is_library_category(term.category) || term.devices.empty() || package.is_always) return false;
    return !is_behind_blas(package, term) && switch_around(package, term) == nullptr;
  }
  // Examples and tests look for the project itself.
  bool is_own_name(const std::string& library) const { return upper(library) == upper(build_.project); }
  // The point, if it is a switch of the project that is declared.
  const BuildPoint* own_switch(const std::string& name) const {
    const auto found = by_name_.find(name);
    const BuildPoint* point = found == by_name_.end() ? nullptr : found->second;
    const bool is_own = point != nullptr && !point->is_foreign && !point->is_implicit;
    return is_own && point->kind == PointKind::boolean ? point : nullptr;
  }
  void ask_by(const BuildPoint& point, Finding& finding) const {
    finding.point = point.name;
    finding.value = std::string(on_value(point));
    finding.flag = short_flag(point);
  }
  // Whether a condition only asks whether options are on, and one of them is the project's.
  bool is_of_own_switches(const std::string& condition) const {
    return is_of_switches(condition) && std::ranges::any_of(split_words(condition), [&](const std::string& word) {
             return own_switch(word) != nullptr;
           });
  }
  // BLAS where a switch for OpenBLAS is on is OpenBLAS.
  bool is_of_vendor(const UsedPackage& package, const KnownTerm& term) const {
    const BuildPoint* guard = own_switch(package.guard);
    if (guard == nullptr || (term.name != "BLAS" && term.name != "LAPACK")) return false;
    const KnownTerm* other = term_of(points_.names.at(guard->name), knowledge_);
    return other != nullptr && other->category == term.category && !is_library_interface(*other);
  }

  // Of the switches around, the innermost that is the way to ask for the term: one for all GPUs or for all Fourier
  // transforms, or one whose help names the term.
  const BuildPoint* switch_around(const UsedPackage& package, const KnownTerm& term) const {
    for (auto name = package.guards.rbegin(); name != package.guards.rend(); ++name) {
      const BuildPoint* point = own_switch(*name);
      if (point == nullptr || is_about_tests(*point, knowledge_)) continue;
      const bool is_about_gpus = term.category == TermCategory::gpu && point == points_.gpu_switch;
      const bool is_model = !is_library_category(term.category);
      if (is_about_gpus || (is_model && is_explained(*point, term))) return point;
      if (term.category == TermCategory::fft && is_about_fft(*point)) return first_about_fft(*point);
    }
    return nullptr;
  }
  // A part of a project may have its own switch beside that of the project: DEMO_FFT and PART_FFT.
  bool is_about_fft(const BuildPoint& point) const {
    const OptionName& name = points_.names.at(point.name);
    return !name.words.empty() && name.words.size() <= 2 && knowledge_.has_word("fft", name.words.back());
  }
  const BuildPoint* first_about_fft(const BuildPoint& point) const {
    for (const BuildPoint& other : build_.points) {
      const BuildPoint* own = own_switch(other.name);
      if (own != nullptr && points_.names.at(own->name).words.size() == 1 && is_about_fft(*own)) return own;
    }
    return &point;
  }
  // Whether a switch for BLAS stands around.
  bool is_behind_blas(const UsedPackage& package, const KnownTerm& term) const {
    return term.category == TermCategory::linear_algebra &&
           std::ranges::any_of(package.guards, [&](const std::string& name) {
             const BuildPoint* point = own_switch(name);
             const KnownTerm* other = point == nullptr ? nullptr : term_of(points_.names.at(name), knowledge_);
             return other != nullptr && is_library_interface(*other);
           });
  }
  // BUILD_FORTRAN is not the way to ask for MPI, and BUILD_DISTRIBUTED is.
  bool builds_a_part(const BuildPoint& point, const KnownTerm& term) const {
    constexpr auto kBeginnings = std::to_array<std::string_view>(
        {"ACCEL", "CLUSTER", "CONCURR", "DEVICE", "DISTRIB", "GPU", "MULTI", "PARALLEL", "SMP", "THREAD"});
    const std::vector<std::string> words = name_words(point.name);
    const bool says_so = std::ranges::any_of(words, [&](const std::string& word) {
      return std::ranges::any_of(kBeginnings, [&](std::string_view begin) { return word.starts_with(begin); });
    });
    return is_in(words, "BUILD") && !says_so && !is_explained(point, term);
  }
  bool is_explained(const BuildPoint& point, const KnownTerm& term) const {
    const KnownTerm* other = term_of(points_.names.at(point.name), knowledge_);
    const std::vector<std::string> words = name_words(point.help);
    return other == nullptr && std::ranges::any_of(words, [&](const auto& word) { return is_in(term.words, word); });
  }

  // A library without a package: "lapack" always, and CUDA::cufft behind a switch for Fourier transforms.
  void add_link(const UsedPackage& link) {
    const std::size_t colon = link.name.rfind(':');
    const std::string library = colon == std::string::npos ? link.name : link.name.substr(colon + 1);
    const KnownTerm* term = knowledge_.term_by_library_option(library);
    if (term == nullptr) term = knowledge_.term_by_words(upper(library));
    const bool is_library = term != nullptr && is_library_category(term->category);
    if (!is_library || is_own_name(library) || is_covered(*term)) return;
    const BuildPoint* point = switch_around(link, *term);
    const bool is_always = colon == std::string::npos && link.is_always;
    if (point == nullptr && !is_always) return;
    Finding finding;
    finding.category = term->category;
    finding.name = term->name;
    finding.term = term->name;
    finding.place = link.place;
    finding.is_default = link.is_by_default;
    if (point != nullptr) {
      finding.condition = link.condition;
      ask_by(*point, finding);
    }
    add(std::move(finding));
  }

  void add(Finding finding) {
    const auto is_same = [&](const Finding& other) {
      return other.category == finding.category && other.name == finding.name;
    };
    if (std::ranges::none_of(found_.findings, is_same)) found_.findings.push_back(std::move(finding));
  }

  Discovery& found_;
  const BuildDescription& build_;
  const ClassifiedPoints& points_;
  const Knowledge& knowledge_;
  std::map<std::string_view, const BuildPoint*> by_name_;
  std::set<std::string> prefixes_;  // of packages
};

}  // namespace

void add_package_findings(Discovery& found, const ClassifiedPoints& points, const Knowledge& knowledge) {
  PackageFindings(found, points, knowledge).run();
}

}  // namespace xaas
