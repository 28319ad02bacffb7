// The units of a link, and what in its recipe decides how each unit is prepared. The engine prepares units. The parent
// of a worker gives it the units that were prepared before. Implements spec/lowering.md, "Engine".
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "format/base/digest.h"
#include "format/recipe.h"

namespace xaas {

// One IR input at one place of the recipe. The same digest at two places makes two units.
struct LinkUnit {
  const IrInput* input;
  std::string name;  // unique; for people and symbol tables: "debug.o", "libcommon.a(debug.o)", "debug.o#7"
  std::string file;  // the prepared unit, an input of lld; relative to the working directory
  // Of a unit with code for GPUs, else empty: the object that defines its fat binary, another input of lld, and the
  // symbol in it, which no other unit of the link has.
  std::string fatbin_file{};
  std::string fatbin_symbol{};
};

inline constexpr const char* kUnitDirectory = "units";  // in the working directory

// The units in the order of the recipe. The files are numbered in this order. The recipe must outlive the result.
std::vector<LinkUnit> link_units(const Recipe& recipe);

// Which references to its own definitions a shared library binds at link time (-Bsymbolic and its variants).
enum class Symbolic { none, functions, all };

// The name of an option with one dash. lld takes long options with one dash or with two.
std::string_view option_name(std::string_view option);

// What the last -Bsymbolic… or -Bno-symbolic option of the recipe says. The -Bsymbolic-non-weak… options count as none.
Symbolic symbolic_of(const Recipe& recipe);

// Whether the recipe has native objects of the project itself. Start files and libraries of the system do not count;
// the recipe names them by absolute paths.
bool has_own_objects(const Recipe& recipe);

// A key for each of `units`. It is the digest of everything in `recipe` that decides the bytes of the prepared unit,
// for a link whose units are not merged. Two units with equal keys have equal bytes if worker, target and policy are
// the same too. REQUIRES: `units` is link_units(recipe).
std::vector<Digest> unit_keys(const Recipe& recipe, const std::vector<LinkUnit>& units);

}  // namespace xaas
