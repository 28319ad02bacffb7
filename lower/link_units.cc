// See link_units.h.
#include "lower/link_units.h"

#include <algorithm>
#include <set>
#include <utility>
#include <variant>

#include "format/base/json_fields.h"

namespace xaas {
namespace {

constexpr int kUnitKeyVersion = 1;

// The symbol follows from the unit's name and not from its number, because prepared units are shared by links.
void name_fatbin(LinkUnit& unit, std::size_t number) {
  unit.fatbin_file = fmt::format("{}/{}.fatbin.o", kUnitDirectory, number);
  unit.fatbin_symbol = fmt::format("{}.{}", kFatbinSymbol, Digest::of(unit.name).hex());
}

}  // namespace

std::string_view option_name(std::string_view option) {
  if (option.starts_with("--")) return option.substr(1);
  return option;
}

std::vector<LinkUnit> link_units(const Recipe& recipe) {
  std::vector<LinkUnit> units;
  std::set<std::string> names;
  const auto add = [&](const IrInput& input, std::string name) {
    while (!names.insert(name).second) name += fmt::format("#{}", units.size());
    std::string file = fmt::format("{}/{}.bc", kUnitDirectory, units.size());
    units.push_back({&input, std::move(name), std::move(file)});
    if (input.has_fatbin()) name_fatbin(units.back(), units.size() - 1);
  };
  for (const LinkArgument& argument : recipe.arguments) {
    if (const auto* unit = std::get_if<IrInput>(&argument)) add(*unit, unit->name);
    const auto* archive = std::get_if<ArchiveInput>(&argument);
    if (archive == nullptr) continue;
    for (const auto& member : archive->members)
      if (const auto* unit = std::get_if<IrInput>(&member))
        add(*unit, fmt::format("{}({})", archive->name, unit->name));
  }
  return units;
}

bool has_own_objects(const Recipe& recipe) {
  const auto is_own = [](const auto& input) {
    const auto* object = std::get_if<ObjectInput>(&input);
    return object != nullptr && !object->name.starts_with('/');
  };
  return std::ranges::any_of(recipe.arguments, [&](const LinkArgument& argument) {
    const auto* archive = std::get_if<ArchiveInput>(&argument);
    return is_own(argument) || (archive != nullptr && std::ranges::any_of(archive->members, is_own));
  });
}

Symbolic symbolic_of(const Recipe& recipe) {
  Symbolic symbolic = Symbolic::none;
  for (const LinkArgument& argument : recipe.arguments) {
    const auto* option = std::get_if<std::string>(&argument);
    if (option == nullptr) continue;
    const std::string_view name = option_name(*option);
    if (name == "-Bsymbolic") symbolic = Symbolic::all;
    if (name == "-Bsymbolic-functions") symbolic = Symbolic::functions;
    if (name == "-Bno-symbolic" || name == "-Bsymbolic-non-weak" || name == "-Bsymbolic-non-weak-functions")
      symbolic = Symbolic::none;
  }
  return symbolic;
}

std::vector<Digest> unit_keys(const Recipe& recipe, const std::vector<LinkUnit>& units) {
  OrderedJson key = {{"version", kUnitKeyVersion},
                     {"kind", to_string(recipe.kind)},
                     {"symbolic", static_cast<int>(symbolic_of(recipe))},
                     {"mixed", has_own_objects(recipe)},
                     {"single", units.size() == 1}};
  std::vector<Digest> keys;
  keys.reserve(units.size());
  for (const LinkUnit& unit : units) {
    key["ir"] = unit.input->digest.to_string();
    key["features"] = unit.input->features;
    key["alone"] = nullptr;
    if (unit.input->alone) key["alone"] = *unit.input->alone;
    key["name"] = unit.name;
    key.erase("device");
    if (unit.input->has_fatbin()) key["device"] = true;  // what it holds is not in the prepared unit
    keys.push_back(Digest::of(dump_json(key)));
  }
  return keys;
}

}  // namespace xaas
