// See region_programs.h.
#include "lower/region_programs.h"

#include <algorithm>
#include <utility>

#include "lower/device_code.h"

namespace xaas {
namespace {

// The code of the highest architecture that is not above the GPU; null if there is none.
template <typename ForDevice>
const ForDevice* best_for(const std::vector<ForDevice>& codes, unsigned gpu) {
  const ForDevice* best = nullptr;
  unsigned highest = 0;
  for (const ForDevice& code : codes) {
    const auto architecture = parse_gpus(code.architecture);
    if (!architecture || architecture->size() != 1 || architecture->front() > gpu) continue;
    if (best != nullptr && architecture->front() <= highest) continue;
    best = &code;
    highest = architecture->front();
  }
  return best;
}

// The unit's code, with the unit's name.
std::optional<IrInput> code_of(const IrInput& unit, const DeviceImage& image) {
  const auto found = std::ranges::find_if(unit.regions, [&](const RegionCode& code) {
    return code.triple == image.triple && code.architecture == image.architecture;
  });
  if (found == unit.regions.end()) return std::nullopt;
  return IrInput{.digest = found->digest, .name = unit.name, .features = {}};
}

ArchiveInput members_of(const ArchiveInput& archive, const DeviceImage& image) {
  ArchiveInput result{archive.name, {}};
  for (const auto& member : archive.members) {
    const auto* unit = std::get_if<IrInput>(&member);
    if (auto code = unit == nullptr ? std::nullopt : code_of(*unit, image)) result.members.emplace_back(*code);
  }
  return result;
}

// A program for one GPU.
Result<RegionProgram> make_program(const LinkPlan& plan, unsigned gpu, const CompileRegions& compile,
                                   const std::filesystem::path& scratch, const std::stop_token& stop) {
  const auto recipe = region_recipe(plan.recipe, gpu);
  if (!recipe) return fail(Code::invalid, "there is no code for sm_{} or an older GPU", gpu);
  XAAS_ASSIGN(const std::string ptx, compile(*recipe, gpu));
  XAAS_ASSIGN(std::string cubin, plan.ptxas->compile(ptx, gpu, {}, scratch, stop));
  return RegionProgram{recipe->triple, gpu, std::move(cubin)};
}

}  // namespace

std::optional<Recipe> region_recipe(const Recipe& recipe, unsigned gpu) {
  const ObjectInput* object = object_with_images(recipe);
  const DeviceImage* image = object == nullptr ? nullptr : best_for(object->images, gpu);
  const RegionCode* runtime = object == nullptr ? nullptr : best_for(object->runtime, gpu);
  if (image == nullptr || runtime == nullptr) return std::nullopt;
  Recipe result{LinkKind::shared, image->triple, fmt::format("{} for sm_{}", recipe.output, gpu), {}};
  for (const LinkArgument& argument : recipe.arguments) {
    if (const auto* unit = std::get_if<IrInput>(&argument)) {
      if (auto code = code_of(*unit, *image)) result.arguments.emplace_back(std::move(*code));
    } else if (const auto* archive = std::get_if<ArchiveInput>(&argument)) {
      if (auto members = members_of(*archive, *image); !members.members.empty()) {
        result.arguments.emplace_back(std::move(members));
      }
    }
  }
  result.arguments.emplace_back(IrInput{.digest = runtime->digest, .name = "the runtime for devices", .features = {}});
  return result;
}

Result<RegionPrograms> make_region_programs(const LinkPlan& plan, const CompileRegions& compile,
                                            const std::filesystem::path& scratch, const std::stop_token& stop) {
  RegionPrograms made;
  if (!plan.ptxas || !has_device_images(plan.recipe)) return made;
  for (const unsigned gpu : plan.gpus) {
    auto program = make_program(plan, gpu, compile, scratch, stop);
    if (program) {
      made.programs.push_back(std::move(*program));
    } else if (program.error().code == Code::invalid) {
      return RegionPrograms{{}, fmt::format("target regions stay as they were built: {}", program.error().message)};
    } else {
      return tl::unexpected(program.error());
    }
  }
  return made;
}

}  // namespace xaas
