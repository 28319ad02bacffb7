// The units of a link, and the keys under which prepared units are kept.
#include <catch2/catch.hpp>
#include <functional>

#include "lower/link_units.h"

namespace xaas {
namespace {

Recipe recipe_of_two() {
  Recipe recipe;
  recipe.kind = LinkKind::shared;
  recipe.triple = "x86_64-pc-linux-gnu";
  recipe.output = "lib/libtwo.so";
  recipe.arguments = {IrInput{Digest::of("one"), "one.o", {"+avx2"}},
                      ArchiveInput{"libpart.a", {IrInput{Digest::of("two"), "two.o", {}}}}};
  return recipe;
}

std::vector<Digest> keys_of(const Recipe& recipe) { return unit_keys(recipe, link_units(recipe)); }

TEST_CASE("units of a link are numbered in its order, and each has a name of its own") {
  Recipe recipe = recipe_of_two();
  recipe.arguments.emplace_back(IrInput{Digest::of("three"), "one.o", {}});
  const std::vector<LinkUnit> units = link_units(recipe);
  REQUIRE(units.size() == 3);
  CHECK(units[0].name == "one.o");
  CHECK(units[1].name == "libpart.a(two.o)");
  CHECK(units[2].name == "one.o#2");
  CHECK(units[2].file == "units/2.bc");
  CHECK(units[2].fatbin_file.empty());
}

TEST_CASE(
    "units with code for GPUs have fat binaries of their own, and prepared units do not depend on what is in them") {
  Recipe recipe = recipe_of_two();
  auto& unit = std::get<IrInput>(recipe.arguments[0]);
  unit.device = {{{}, Digest::of("ptx")}};
  recipe.arguments.push_back(recipe.arguments[0]);
  const std::vector<LinkUnit> units = link_units(recipe);
  CHECK(units[0].fatbin_file == "units/0.fatbin.o");
  CHECK(units[2].fatbin_file == "units/2.fatbin.o");
  CHECK(units[0].fatbin_symbol.starts_with("xaas.fatbin."));
  CHECK(units[0].fatbin_symbol != units[2].fatbin_symbol);
  const std::vector<Digest> keys = keys_of(recipe);
  std::get<IrInput>(recipe.arguments[0]).device = {{{}, Digest::of("more")}, {{}, Digest::of("ptx")}};
  CHECK(keys_of(recipe) == keys);
  std::get<IrInput>(recipe.arguments[0]).device.clear();
  CHECK(keys_of(recipe)[0] != keys[0]);
  CHECK(keys_of(recipe)[1] == keys[1]);
}

TEST_CASE("a unit's key says all of the link that decides how it is prepared, and nothing else") {
  const std::vector<Digest> keys = keys_of(recipe_of_two());
  CHECK(keys[0] != keys[1]);

  const std::vector<std::function<void(Recipe&)>> decisive = {
      [](Recipe& recipe) { recipe.kind = LinkKind::pie; },
      [](Recipe& recipe) { recipe.arguments.emplace_back("-Bsymbolic-functions"); },
      [](Recipe& recipe) { recipe.arguments.emplace_back(ObjectInput{Digest::of("own"), "own.o"}); },
  };
  for (const auto& change : decisive) {
    Recipe other = recipe_of_two();
    change(other);
    const std::vector<Digest> changed = keys_of(other);
    CHECK(changed[0] != keys[0]);
    CHECK(changed[1] != keys[1]);
  }

  Recipe other = recipe_of_two();
  other.arguments[0] = IrInput{Digest::of("one"), "one.o", {"-avx2"}};
  CHECK(keys_of(other)[0] != keys[0]);
  CHECK(keys_of(other)[1] == keys[1]);
  other.arguments[0] = IrInput{Digest::of("one"), "uno.o", {"+avx2"}};
  CHECK(keys_of(other)[0] != keys[0]);
  other.arguments[0] = IrInput{Digest::of("eins"), "one.o", {"+avx2"}};
  CHECK(keys_of(other)[0] != keys[0]);

  other = recipe_of_two();
  other.output = "lib/libother.so";
  other.arguments.emplace_back("--as-needed");
  other.arguments.emplace_back(LibraryInput{"libc.so.6"});
  CHECK(keys_of(other) == keys);
}

}  // namespace
}  // namespace xaas
