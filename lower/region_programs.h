// Programs for GPUs of the OpenMP target regions of a link. They are made again for the GPUs of the host. Implements
// spec/cuda.md, "OpenMP".
#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "format/base/error.h"
#include "format/recipe.h"
#include "lower/link_plan.h"

namespace xaas {

// The link of the code for a GPU. Its units are those of `recipe` that have such code, and what clang links to it.
// Nullopt if there is no code for this GPU or an older one. REQUIRES: has_device_images(recipe).
std::optional<Recipe> region_recipe(const Recipe& recipe, unsigned gpu);

struct RegionProgram {
  std::string triple;
  unsigned architecture = 0;
  std::string cubin;
};

struct RegionPrograms {
  std::vector<RegionProgram> programs;  // one for each GPU of the plan; or none: what the build made stays
  std::string warning;                  // why there are none, in one line; empty if there is nothing to say
};

// Compiles a recipe of region_recipe() for a GPU, to PTX. Code::invalid: the code is refused.
using CompileRegions = std::function<Result<std::string>(const Recipe& recipe, unsigned gpu)>;

// Makes a program for each GPU of the plan. ptxas runs in `scratch`. Makes none if one of the GPUs could get none, or
// if there is no ptxas: the runtime takes no PTX. Other errors than Code::invalid are those of `compile` and of
// Ptxas::compile().
Result<RegionPrograms> make_region_programs(const LinkPlan& plan, const CompileRegions& compile,
                                            const std::filesystem::path& scratch, const std::stop_token& stop);

}  // namespace xaas
