// See device_use.h.
#include "lower/device_use.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <tuple>
#include <utility>

#include "format/base/text.h"

namespace xaas {
namespace {

using Way = GpuPlan::Way;

bool is_same(const GpuPlan& one, const GpuPlan& other) {
  return std::tie(one.gpu, one.way, one.form, one.problem) == std::tie(other.gpu, other.way, other.form, other.problem);
}

void add(const GpuPlan& plan, std::vector<UnitsOnGpu>& plans) {
  const auto found = std::ranges::find_if(plans, [&](const UnitsOnGpu& one) { return is_same(one.plan, plan); });
  if (found != plans.end()) {
    ++found->units;
  } else {
    plans.push_back({plan, 1});
  }
}

const char* to_string(Way way) {
  switch (way) {
    case Way::made:
      return "made";
    case Way::own:
      return "own";
    case Way::driver:
      return "driver";
    case Way::nothing:
      break;
  }
  return "nothing";
}

std::string describe(const GpuPlan& plan) {
  if (plan.way == Way::nothing) return "nothing that it can run";
  if (plan.way == Way::made) return fmt::format("cubins made of {}", plan.form);
  return fmt::format("{} {}{}{}", plan.way == Way::own ? "the build's cubins for" : "the driver compiles", plan.form,
                     plan.problem.empty() ? "" : ", since ptxas is not run: ", plan.problem);
}

}  // namespace

GpuArchitectures DeviceUse::idle_gpus() const {
  GpuArchitectures idle;
  for (const UnitsOnGpu& one : plans) {
    if (one.plan.way == Way::nothing && one.units == units) idle.push_back(one.plan.gpu);
  }
  return idle;
}

DeviceUse device_use(std::string path, const Recipe& recipe, const GpuArchitectures& gpus, bool has_ptxas) {
  DeviceUse use;
  use.path = std::move(path);
  const CubinSource source = has_ptxas ? CubinSource::ptxas : CubinSource::none;
  for_each_input(recipe, [&](const auto& input) {
    const auto* unit = std::get_if<IrInput>(&input);
    if (unit == nullptr || unit->device.empty() || !unit->links.empty()) return;
    ++use.units;
    for (const DeviceCode& code : unit->device) use.forms.add(code.form);
    for (const GpuPlan& plan : plan_fatbin(unit->device, gpus, source).gpus) add(plan, use.plans);
  });
  std::ranges::sort(use.plans, [](const UnitsOnGpu& one, const UnitsOnGpu& other) {
    return std::tie(one.plan.gpu, other.units, one.plan.form, one.plan.problem) <
           std::tie(other.plan.gpu, one.units, other.plan.form, other.plan.problem);
  });
  return use;
}

std::string describe(const DeviceUse& use) {
  std::string text;
  const auto out = std::back_inserter(text);
  unsigned gpu = 0;
  for (const UnitsOnGpu& one : use.plans) {
    const bool is_next = std::exchange(gpu, one.plan.gpu) != one.plan.gpu;
    if (is_next) fmt::format_to(out, "{}{}: ", text.empty() ? "" : "; ", describe_gpus({gpu}));
    fmt::format_to(out, "{}{}", is_next ? "" : ", ", describe(one.plan));
    if (one.units != use.units) fmt::format_to(out, " ({} of {} units)", one.units, use.units);
  }
  const bool lacks = std::ranges::any_of(use.plans, [](const auto& one) { return one.plan.way == Way::nothing; });
  return lacks ? text + fmt::format("; it has {}", describe(use.forms)) : text;
}

OrderedJson to_ordered_json(const DeviceUse& use) {
  OrderedJson plans = OrderedJson::array();
  for (const UnitsOnGpu& one : use.plans) {
    plans.push_back({{"gpu", one.plan.gpu},
                     {"units", one.units},
                     {"how", to_string(one.plan.way)},
                     {"of", one.plan.form},
                     {"problem", one.plan.problem}});
  }
  return {{"path", use.path}, {"has", describe(use.forms)}, {"units", use.units}, {"gpus", plans}};
}

}  // namespace xaas
