// The fat binaries of all units of a link: first those with code of their own, then those for which nvlink links the
// code of others. Implements spec/cuda.md, "Lowering" and "Relocatable code".
#pragma once

#include <filesystem>
#include <stop_token>
#include <string>
#include <vector>

#include "format/base/error.h"
#include "format/image.h"
#include "lower/link_plan.h"
#include "lower/link_units.h"

namespace xaas {

struct UnitFatbin {
  const LinkUnit* unit;
  std::string bytes;
};

struct MadeFatbins {
  std::vector<UnitFatbin> fatbins;
  std::vector<std::string> warnings;  // lines for people, about code that a tool refuses
};

// Makes them for the GPUs of the plan, `jobs` at once. The tools run in `scratch`. `stop` ends it early with
// Code::interrupted. REQUIRES: `units` is link_units(plan.recipe).
Result<MadeFatbins> make_fatbins(const Image& image, const LinkPlan& plan, const std::vector<LinkUnit>& units,
                                 unsigned jobs, const std::filesystem::path& scratch, const std::stop_token& stop);

}  // namespace xaas
