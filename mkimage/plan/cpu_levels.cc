// See cpu_levels.h.
#include "mkimage/plan/cpu_levels.h"

#include <fmt/ranges.h>

#include "format/base/split.h"
#include "format/base/text.h"

namespace xaas {

bool is_level(std::string_view name) { return is_in(kX86Levels, name) || is_in(kArmLevels, name); }

Result<LevelPlan> parse_levels(std::string_view text) {
  if (text == "auto") return LevelPlan();
  LevelPlan plan{{}, true};
  if (text == "none") return plan;
  const std::vector<std::string_view> names = split(text, ',');
  for (const std::string_view name : names) {
    if (is_level(name)) continue;
    return fail(Code::invalid, "there is no level \"{}\": choose auto, none, or some of {}", name,
                fmt::join(kCpuLevels, ", "));
  }
  for (const std::string_view level : kCpuLevels) {
    if (is_in(names, level)) plan.names.emplace_back(level);
  }
  return plan;
}

}  // namespace xaas
