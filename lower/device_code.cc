// See device_code.h.
#include "lower/device_code.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <map>
#include <optional>
#include <set>

#include "format/base/sort_unique.h"
#include "format/base/split.h"
#include "format/device_condition.h"
#include "format/gpu_code.h"
#include "lower/gpus.h"
#include "lower/surroundings.h"

namespace xaas {
namespace {

constexpr std::string_view kGpuPrefix = "sm_";
constexpr std::string_view kNoGpu = "none";

std::optional<unsigned> architecture_of(std::string_view name) {
  if (!name.starts_with(kGpuPrefix)) return std::nullopt;
  name.remove_prefix(kGpuPrefix.size());
  unsigned number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error != std::errc() || end != name.data() + name.size() || number == 0) return std::nullopt;
  return number;
}

// sm_86 is of the generation of sm_80: a GPU runs cubins of its own generation that are not for newer ones.
constexpr unsigned kArchitecturesOfGeneration = 10;
bool runs_cubin(unsigned gpu, unsigned architecture) {
  return gpu / kArchitecturesOfGeneration == architecture / kArchitecturesOfGeneration && architecture <= gpu;
}

// The form of this kind with the highest architecture that `fits`; nullopt if there is none. Forms for a single
// architecture or family do not count.
template <typename Fits>
std::optional<std::size_t> best_form(const std::vector<DeviceCode>& codes, DeviceCodeKind kind, const Fits& fits) {
  std::optional<std::size_t> best;
  for (std::size_t i = 0; i < codes.size(); ++i) {
    const FatbinEntry& form = codes[i].form;
    if (form.kind != kind || form.is_specific() || !fits(form.architecture)) continue;
    if (!best || form.architecture > codes[*best].form.architecture) best = i;
  }
  return best;
}

// Whether the GPU runs a form for a single architecture or family.
bool runs_specific(const FatbinEntry& form, unsigned gpu) {
  const bool is_alone = (form.flags & kFatbinArchitectureOnly) != 0;
  return is_alone ? form.architecture == gpu : runs_cubin(gpu, form.architecture);
}

// What the GPU runs out of the forms for single architectures or families, which are always kept for it.
GpuPlan specific_plan(const std::vector<DeviceCode>& codes, unsigned gpu) {
  GpuPlan found{gpu};
  for (const DeviceCode& code : codes) {
    const bool is_cubin = code.form.kind == DeviceCodeKind::elf;
    if (!code.form.is_specific() || !runs_specific(code.form, gpu) || (found.way == GpuPlan::Way::own && !is_cubin)) {
      continue;
    }
    found.way = is_cubin ? GpuPlan::Way::own : GpuPlan::Way::driver;
    found.form = architecture_name(code.form);
  }
  return found;
}

// Adds what one GPU needs. Returns false if nothing is for it, apart from forms for single architectures or families.
bool plan_for(const std::vector<DeviceCode>& codes, unsigned gpu, CubinSource source, FatbinPlan& plan) {
  const auto ptx = best_form(codes, DeviceCodeKind::ptx, [&](unsigned of) { return of <= gpu; });
  const auto cubin = best_form(codes, DeviceCodeKind::elf, [&](unsigned of) { return runs_cubin(gpu, of); });
  const bool is_exact = cubin && codes[*cubin].form.architecture == gpu;
  GpuPlan& one = plan.gpus.emplace_back(GpuPlan{gpu});
  if (const GpuPlan specific = specific_plan(codes, gpu); !is_exact && specific.way == GpuPlan::Way::own) {
    // The project has compiled it for this GPU. A cubin of plain PTX beside it could be taken in its place.
    one = specific;
    if (ptx) plan.kept.push_back(*ptx);
    return true;
  }
  bool compiles = false;
  if (ptx && source == CubinSource::ptxas && !is_exact) {
    const auto options = ptxas_options(codes[*ptx].form.options.value_or(""));
    compiles = options.has_value();
    if (!options) one.problem = options.error().message;
  }
  if (ptx) plan.kept.push_back(*ptx);
  if (compiles || (source == CubinSource::nvlink && !is_exact)) {
    plan.cubins.push_back({ptx.value_or(0), gpu});
    one.way = GpuPlan::Way::made;
    if (ptx) one.form = architecture_name(codes[*ptx].form);
  } else if (cubin) {
    plan.kept.push_back(*cubin);
    one.way = GpuPlan::Way::own;
    one.form = architecture_name(codes[*cubin].form);
  } else if (ptx) {
    one.way = GpuPlan::Way::driver;
    one.form = architecture_name(codes[*ptx].form);
  }
  return one.way != GpuPlan::Way::nothing;
}

// The plan for a fat binary that stays as it was built.
FatbinPlan plan_as_built(const std::vector<DeviceCode>& codes, const GpuArchitectures& gpus) {
  FatbinPlan plan;
  for (const unsigned gpu : gpus) {
    if (!plan_for(codes, gpu, CubinSource::none, plan)) plan.gpus.back() = specific_plan(codes, gpu);
  }
  plan.kept.clear();
  for (std::size_t i = 0; i < codes.size(); ++i) plan.kept.push_back(i);
  return plan;
}

Result<FatbinEntry> compiled(const Image& image, const DeviceCode& code, unsigned architecture, const Ptxas& ptxas,
                             const std::filesystem::path& scratch, const std::stop_token& stop) {
  XAAS_ASSIGN(const std::vector<std::string> options, ptxas_options(code.form.options.value_or("")));
  XAAS_ASSIGN(const std::string text, image.object(code.digest));
  XAAS_ASSIGN(std::string cubin, ptxas.compile(text, architecture, options, scratch, stop));
  auto entry = cubin_entry(architecture, std::move(cubin));
  if (!entry)
    return fail(Code::invalid, "what ptxas made for sm_{} is of no use: {}", architecture, entry.error().message);
  entry->name = code.form.name;
  entry->flags |= code.form.flags & kFatbinDebug;
  return entry;
}

template <typename Has>
bool any_unit(const Recipe& recipe, const Has& has) {
  bool found = false;
  for_each_input(recipe, [&](const auto& input) {
    const auto* unit = std::get_if<IrInput>(&input);
    found = found || (unit != nullptr && has(*unit));
  });
  return found;
}

}  // namespace

Result<GpuArchitectures> parse_gpus(std::string_view text) {
  GpuArchitectures gpus;
  if (text == kNoGpu) return gpus;
  for (const std::string_view name : split(text, ',')) {
    const auto architecture = architecture_of(name);
    if (!architecture) {
      return fail(Code::invalid, "\"{}\" is no architecture of GPUs: sm_90, several with commas, or none", name);
    }
    gpus.push_back(*architecture);
  }
  sort_unique(gpus);
  return gpus;
}

Result<std::optional<GpuArchitectures>> named_gpus(std::string_view text) {
  if (text.empty()) return std::nullopt;
  XAAS_ASSIGN(GpuArchitectures gpus, parse_gpus(text));
  return std::optional(std::move(gpus));
}

std::string describe_gpus(const GpuArchitectures& gpus) {
  std::vector<std::string> names;
  for (const unsigned gpu : gpus) names.push_back(fmt::format("{}{}", kGpuPrefix, gpu));
  return fmt::format("{}", fmt::join(names, " "));
}

GpuArchitectures gpus_among(const std::vector<std::string>& devices) {
  GpuArchitectures gpus;
  for (const std::string& name : device_properties(devices, kNvidiaGpu)) {
    if (const auto architecture = architecture_of(name)) gpus.push_back(*architecture);
  }
  sort_unique(gpus);
  return gpus;
}

GpuArchitectures gpus_of(const HostView& host) {
  // Looking for all devices takes a while.
  const bool is_here = &host == this_host().get();
  return gpus_among(is_here ? nvidia_devices(surroundings_here()) : host.devices());
}

FatbinPlan plan_fatbin(const std::vector<DeviceCode>& codes, const GpuArchitectures& gpus, CubinSource source) {
  FatbinPlan plan;
  const auto is_served = [&](unsigned gpu) { return plan_for(codes, gpu, source, plan); };
  if (gpus.empty() || !std::ranges::all_of(gpus, is_served)) return plan_as_built(codes, gpus);
  for (std::size_t i = 0; i < codes.size(); ++i) {
    const FatbinEntry& form = codes[i].form;
    const auto is_of_generation = [&](unsigned gpu) {
      return gpu / kArchitecturesOfGeneration == form.architecture / kArchitecturesOfGeneration;
    };
    if (form.is_specific() && std::ranges::any_of(gpus, is_of_generation)) plan.kept.push_back(i);
  }
  sort_unique(plan.kept);
  return plan;
}

std::vector<std::string> shortcomings(const std::vector<DeviceCode>& codes, const FatbinPlan& plan) {
  GpuArchitectures idle;
  std::map<std::string, GpuArchitectures> problems;
  for (const GpuPlan& one : plan.gpus) {
    if (one.way == GpuPlan::Way::nothing) idle.push_back(one.gpu);
    if (!one.problem.empty()) problems[one.problem].push_back(one.gpu);
  }
  std::vector<std::string> lines;
  if (!idle.empty()) {
    lines.push_back(
        fmt::format("it has nothing that {} can run: it has {}", describe_gpus(idle), describe(forms_of(codes))));
  }
  for (const auto& [problem, gpus] : problems) {
    lines.push_back(fmt::format("no cubin is made for {}: {}", describe_gpus(gpus), problem));
  }
  return lines;
}

bool has_device_code(const Recipe& recipe) { return has_fatbins(recipe) || has_device_images(recipe); }

bool has_fatbins(const Recipe& recipe) {
  return any_unit(recipe, [](const IrInput& unit) { return unit.has_fatbin(); });
}

const ObjectInput* object_with_images(const Recipe& recipe) {
  const ObjectInput* found = nullptr;
  for_each_input(recipe, [&](const auto& input) {
    const auto* object = std::get_if<ObjectInput>(&input);
    if (object != nullptr && !object->images.empty()) found = object;
  });
  return found;
}

bool has_device_images(const Recipe& recipe) { return object_with_images(recipe) != nullptr; }

bool has_relocatable_code(const Recipe& recipe) {
  return any_unit(recipe, [](const IrInput& unit) { return !unit.links.empty(); });
}

Result<MadeFatbin> make_planned(const Image& image, const std::vector<DeviceCode>& codes, FatbinPlan plan,
                                const MakeCubin& make) {
  MadeFatbin made;
  std::vector<FatbinEntry> entries;
  for (const CubinPlan& cubin : plan.cubins) {
    auto entry = make(cubin);
    const bool is_refused = !entry && entry.error().code == Code::invalid;
    if (!entry && !is_refused) return tl::unexpected(entry.error());
    if (is_refused) {
      made.warnings.push_back(entry.error().message);
      entries.clear();
      plan = plan_as_built(codes, {});
      break;
    }
    entries.push_back(std::move(*entry));
  }
  for (const std::size_t index : plan.kept) {
    FatbinEntry& entry = entries.emplace_back(codes[index].form);
    XAAS_ASSIGN(entry.content, image.object(codes[index].digest));
  }
  made.bytes = write_fatbin(entries);
  return made;
}

Result<MadeFatbin> make_fatbin(const Image& image, const std::vector<DeviceCode>& codes, const GpuArchitectures& gpus,
                               const Ptxas* ptxas, const std::filesystem::path& scratch, const std::stop_token& stop) {
  const CubinSource source = ptxas == nullptr ? CubinSource::none : CubinSource::ptxas;
  const FatbinPlan plan = plan_fatbin(codes, gpus, source);
  XAAS_ASSIGN(MadeFatbin made, make_planned(image, codes, plan, [&](const CubinPlan& cubin) {
                return compiled(image, codes[cubin.code], cubin.architecture, *ptxas, scratch, stop);
              }));
  std::ranges::move(shortcomings(codes, plan), std::back_inserter(made.warnings));
  return made;
}

}  // namespace xaas
