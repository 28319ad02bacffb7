// The recipe file for one configuration of an image's source. Implements spec/lowering.md, "Building on the host".
#pragma once

#include <string>

#include "format/manifest.h"

namespace xaas {

// The text of a recipe file with which mkxaas builds this configuration only, under its name, without libraries of
// others in the result. REQUIRES: `manifest` has the source, and `configuration` is one of the source's that a host
// builds.
std::string build_recipe(const Manifest& manifest, const SourceConfiguration& configuration);

}  // namespace xaas
