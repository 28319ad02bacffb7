// See help_findings.h.
#include "mkimage/discover/help_findings.h"

#include <string>

#include "mkimage/discover/choice_subject.h"
#include "mkimage/discover/names.h"
#include "mkimage/discover/point_finding.h"

namespace xaas {

std::vector<Finding> transforms_in_help(const BuildPoint& point, const OptionName& name, const Knowledge& knowledge) {
  const KnownTerm* term = term_of(name, knowledge);
  const bool is_switch = point.kind == PointKind::boolean || (point.kind == PointKind::choice && offers_yes(point));
  if (!is_switch || term == nullptr || point.is_implicit) return {};
  std::vector<Finding> found;
  for (const std::string& word : name_words(point.help)) {
    const KnownTerm* library = knowledge.term_by_words(word);
    const bool is_of_gpu = library != nullptr && library->category == TermCategory::fft &&
                           term->category == TermCategory::gpu && library->devices == term->devices;
    const bool is_mkl = term->name == "MKL" && (word == "FFT" || word == "FFTS" || word == "FFTW");
    if (!is_of_gpu && !is_mkl) continue;
    Finding finding = finding_at(point, TermCategory::fft, is_mkl ? term->name : library->name);
    finding.term = finding.name;
    finding.is_default = is_used_by_default(point, name);
    ask_by(point, name, finding);
    found.push_back(std::move(finding));
  }
  return found;
}

std::vector<Finding> models_in_help(const BuildPoint& gpu_switch, const Knowledge& knowledge) {
  std::vector<Finding> found;
  for (const std::string& word : name_words(gpu_switch.help)) {
    const KnownTerm* term = word.size() > 3 || word == "HIP" ? knowledge.term_by_words(word) : nullptr;
    if (term == nullptr || term->category != TermCategory::gpu) continue;
    Finding finding = finding_at(gpu_switch, TermCategory::gpu, term->name);
    finding.term = term->name;
    finding.is_default = is_on_by_default(gpu_switch);
    finding.value = std::string(on_value(gpu_switch));
    finding.flag = short_flag(gpu_switch);
    found.push_back(std::move(finding));
  }
  return found;
}

}  // namespace xaas
