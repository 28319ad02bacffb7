// See point_finding.h.
#include "mkimage/discover/point_finding.h"

#include <utility>

#include "mkimage/discover/names.h"

namespace xaas {

Finding finding_at(const BuildPoint& point, TermCategory category, std::string name) {
  Finding finding;
  finding.category = category;
  finding.name = std::move(name);
  finding.point = point.name;
  finding.condition = point.condition;
  if (!point.places.empty()) finding.place = point.places.front();
  return finding;
}

void ask_by(const BuildPoint& point, const OptionName& name, Finding& finding) {
  finding.value = std::string(name.is_negative ? off_value(point) : on_value(point));
  // An option of a bundle has no opposite.
  const bool is_chosen_by_no = name.is_negative && point.form != FlagForm::bundle;
  finding.flag = is_chosen_by_no ? flag_for(point, finding.value) : short_flag(point);
}

bool is_default_value(const BuildPoint& point, std::string_view value) {
  return point.is_offered && !point.is_of_host && point.default_value && upper(*point.default_value) == upper(value);
}

bool is_on_by_default(const BuildPoint& point) {
  return point.is_offered && !point.is_of_host && point.default_value && is_on(*point.default_value);
}

bool is_on_if_compiler_can(const BuildPoint& point) {
  return point.is_offered && point.is_of_compiler && point.default_value && is_on(*point.default_value);
}

bool is_off_by_default(const BuildPoint& point) { return point.default_value && is_off(*point.default_value); }

bool is_used_by_default(const BuildPoint& point, const OptionName& name) {
  if (!name.is_negative) return is_on_by_default(point);
  return point.form == FlagForm::bundle || !is_on_by_default(point);
}

bool is_foreign_code(const KnownTerm* term) {
  return term != nullptr && term->category == TermCategory::simd && term->architecture != "x86";
}

}  // namespace xaas
