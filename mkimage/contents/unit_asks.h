// Units whose code depends on the CPU that they are compiled for, since they look at macros such as __AVX2__: what they
// ask, what becomes of it, and how mkxaas tells. Implements spec/lowering.md, "Code that asks for the CPU".
#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "mkimage/contents/image_contents.h"

namespace xaas {

// By the name of a unit, as recipes have it: the macros and built-in functions that it asked for, and that neither the
// options of a configuration nor a level gives it. Only units that are linked and have IR. REQUIRES: offer_levels().
std::map<std::string, std::set<std::string>> unanswered_asks(const ImageContents& contents);

// By the name of a unit: what it is at the levels of all configurations, each different variant once. REQUIRES:
// offer_levels().
std::map<std::string, std::vector<IrVariant>> variants_of_units(const ImageContents& contents);

// Lines for people: how many units ask, at which levels they are stored and what that costs, which levels are not used
// and why, and what is left out. `ir`: directory of the canonical IR. Empty if no unit asks. REQUIRES: offer_levels().
std::vector<std::string> describe_asks(const ImageContents& contents, const std::filesystem::path& ir);

}  // namespace xaas
