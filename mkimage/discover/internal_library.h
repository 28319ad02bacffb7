// The library that comes with a project's source, so that the build can make it itself.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "mkimage/discover/findings.h"
#include "mkimage/discover/option_name.h"

namespace xaas {

// The one of which an option says most surely that the build makes it: BUILD_OWN_FFTW says more than USE_SYSTEM_FFTW.
// `names` has what the names of the project's own points are about.
std::optional<InternalLibrary> find_internal_library(const BuildDescription& build,
                                                     const std::map<std::string, OptionName>& names,
                                                     const Knowledge& knowledge);

}  // namespace xaas
