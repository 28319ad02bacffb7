// The configurations in which a project is built: the combinations of the values of its specialization points.
// Implements spec/recipe.md, "Configurations".
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "format/base/error.h"
#include "format/base/process.h"
#include "mkimage/plan/recipe_file.h"

namespace xaas {

struct PlannedConfiguration {
  std::string name;                           // the values, joined by '+'; "default" without points
  std::map<std::string, std::string> points;  // name -> value
  Variables variables;                        // for the commands, one for each point
  std::int64_t rank = 0;                      // the sum of the values' ranks
  Requirements requires_;                     // all requirements that the values declare, sorted
  std::optional<HostBuild> on_host{};         // what it needs if it is built on the host; nullopt: the image has it
};

// What `-D point=value,…` asks for: point -> the only values that it may have.
using Restrictions = std::map<std::string, std::vector<std::string>>;
Result<Restrictions> parse_restrictions(const std::vector<std::string>& arguments);

// The configurations, the default one first and the others in the order of the recipe. The default configuration has
// each point's default, or the first value that the restrictions leave, and is never built on the host. Code::invalid,
// naming the place in the recipe, for a value that no combination uses, a combination of defaults that is left out, and
// substitutes that name each other in a circle. Configurations with a value that is built on the host come last.
// Code::invalid also for restrictions that name an unknown point or value, or that leave no combination.
Result<std::vector<PlannedConfiguration>> plan_configurations(const BuildRecipe& recipe,
                                                              const Restrictions& restrictions);

// The plan as text: a line for each configuration.
std::string describe_plan(const std::vector<PlannedConfiguration>& plan);

}  // namespace xaas
