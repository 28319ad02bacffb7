// Units whose code depends on the CPU that they are compiled for, since they look at macros such as __AVX2__.
// Implements spec/lowering.md, "Code that asks for the CPU".
#pragma once

#include <map>
#include <set>
#include <string>

#include "mkimage/contents/image_contents.h"

namespace xaas {

// By the name of a unit, as recipes have it: the macros and built-in functions that it asked for and that no
// configuration's options gave it. Only units that are linked and have IR.
std::map<std::string, std::set<std::string>> unanswered_asks(const ImageContents& contents);

// One line for people: how many units there are, with an example. Empty without any.
std::string describe_asks(const ImageContents& contents);

}  // namespace xaas
