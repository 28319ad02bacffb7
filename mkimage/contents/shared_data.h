// Finds which files hand each other data whose form can depend on the level at which their code is compiled: layouts of
// classes, and vectors. Implements spec/lowering.md, "One level in a process".
#pragma once

#include <string>

#include "mkimage/contents/image_contents.h"
#include "mkimage/contents/program_symbols.h"

namespace xaas {

struct SharedData {
  // Code that stays as it was compiled, and that a program which differs at levels uses or is used by: "libabc.so.1
  // (used by bin/abc)". Empty if there is none.
  std::string with_fixed_code;
  // Whether programs that differ at levels use symbols of each other.
  bool between_programs = false;
};

// Looks at all programs of the configuration that have a recipe and a unit with variants. Code that stays as it is:
//
// - C++ code that was not captured: libraries, archives and objects with a mangled name. The C++ runtime does not
// count.
// - a library of the configuration itself that has units with variants, and no recipe.
SharedData find_shared_data(const ConfigurationContents& configuration, const CanonicalUnits& units,
                            SymbolReader& symbols);

}  // namespace xaas
