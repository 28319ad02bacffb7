// The units of a link, and what in its recipe decides how each is prepared. The engine prepares them; the parent of a
// worker gives it those that were prepared before. Implements spec/lowering.md, "Engine".
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "format/base/digest.h"
#include "format/recipe.h"

namespace xaas {

// One IR input at one place of the recipe. The same digest at two places is two units.
struct LinkUnit {
  const IrInput* input;
  std::string name;  // for people and symbol tables, unique: "debug.o", "libcommon.a(debug.o)", "debug.o#7"
  std::string file;  // as prepared, which lld is given; relative to the working directory
};

inline constexpr const char* kUnitDirectory = "units";  // in the working directory

// In the order of the recipe, which then numbers the files. The recipe must outlive the result.
std::vector<LinkUnit> link_units(const Recipe& recipe);

// Which of its own definitions a shared library binds to itself at link time (-Bsymbolic and its kin).
enum class Symbolic { none, functions, all };

// Of an option of lld, which takes long ones with one dash or with two: the name with one.
std::string_view option_name(std::string_view option);

// The last of -Bsymbolic, -Bsymbolic-functions, -Bno-symbolic in the recipe.
Symbolic symbolic_of(const Recipe& recipe);

// Whether native objects of the project itself stand in the recipe, not only start files and libraries of the system,
// which are called by absolute paths.
bool has_own_objects(const Recipe& recipe);

// Of all in `recipe` that decides the bytes of each of `units`, which are link_units(recipe), as it is prepared for a
// link whose units are not merged. Where worker, target and policy are the same as well, so are the bytes.
std::vector<Digest> unit_keys(const Recipe& recipe, const std::vector<LinkUnit>& units);

}  // namespace xaas
