// The configurations that a project is built in: the combinations of the values of its specialization points.
// Implements spec/recipe.md, "Configurations".
#pragma once

#include <cstdint>
#include <map>
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
  std::int64_t rank = 0;                      // the sum of those of the values
  Requirements requires_;                     // all that the values declare, sorted
};

// What `-D point=value,…` asks for: only these values of the point.
using Restrictions = std::map<std::string, std::vector<std::string>>;
Result<Restrictions> parse_restrictions(const std::vector<std::string>& arguments);

// The default configuration first, then the others in the order of the recipe: each point's default, or what comes
// first of what restrictions leave. Code::invalid, naming the place in the recipe, for a value that no combination
// uses, a default that is left out, and substitutes that name each other in a circle; for restrictions that name what
// there is not, or leave nothing.
Result<std::vector<PlannedConfiguration>> plan_configurations(const BuildRecipe& recipe,
                                                              const Restrictions& restrictions);

// The plan as text: a line for each configuration.
std::string describe_plan(const std::vector<PlannedConfiguration>& plan);

}  // namespace xaas
