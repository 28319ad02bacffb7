// What a project can be built with: the points of its build in the terms of the knowledge base.
#pragma once

#include "mkimage/discover/findings.h"

namespace xaas {

// Classifies the points, packages and flags of a build. Points that it does not know are left in `build`.
Discovery classify(BuildDescription build, const Knowledge& knowledge);

}  // namespace xaas
