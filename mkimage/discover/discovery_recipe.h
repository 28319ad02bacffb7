// A recipe file (xaas.toml) made of a discovery.
#pragma once

#include <string>

#include "mkimage/discover/discovery.h"
#include "mkimage/plan/build_plan.h"

namespace xaas {

// The text of a recipe file with the commands of `plan` and a point for each choice that was classified. It is ready
// for use: a value is there if the machine that builds needs nothing that it may not have, which are the defaults of
// the build, and the instruction sets of x86-64, or if it is left to the host. All other values are comments, with what
// they need. See spec/discovery.md, "Recipe file".
std::string recipe_of(const Discovery& discovery, const BuildPlan& plan, const Knowledge& knowledge);

}  // namespace xaas
