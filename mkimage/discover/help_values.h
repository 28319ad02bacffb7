// The values of an option that only its help lists; see spec/discovery.md, "Choices".
#pragma once

#include "mkimage/discover/build_description.h"
#include "mkimage/discover/knowledge.h"
#include "mkimage/discover/option_name.h"

namespace xaas {

// The point as an open choice that has the terms of its help, if it takes any text, its name says what it is about, and
// the help names at least two such terms: ACC_ISA with "one of SSE2, AVX2". Otherwise the point as it is.
BuildPoint with_help_values(const BuildPoint& point, const OptionName& name, const Knowledge& knowledge);

}  // namespace xaas
