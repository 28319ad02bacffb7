// Counts and reasons; see capture_report.h.
#include "mkimage/capture_report.h"

#include <algorithm>

#include "format/json_fields.h"

namespace xaas {
namespace {

// All objects of a recipe, members of archives included.
template <typename Visit>
void for_each_input(const Recipe& recipe, const Visit& visit) {
  for (const LinkArgument& argument : recipe.arguments) {
    if (const auto* ir = std::get_if<IrInput>(&argument)) visit(*ir);
    if (const auto* object = std::get_if<ObjectInput>(&argument)) visit(*object);
    if (const auto* archive = std::get_if<ArchiveInput>(&argument)) {
      for (const auto& member : archive->members) std::visit(visit, member);
    }
  }
}

struct Overload {
  std::function<void(const IrInput&)> ir;
  std::function<void(const ObjectInput&)> object;
  void operator()(const IrInput& input) const {
    if (ir) ir(input);
  }
  void operator()(const ObjectInput& input) const {
    if (object) object(input);
  }
};

std::string reason_of(const ObjectInput& object, const std::vector<UnitRecord>& units) {
  const auto found = std::ranges::lower_bound(units, object.digest, {}, &UnitRecord::object);
  if (found != units.end() && found->object == object.digest && !found->reason.empty()) return found->reason;
  if (object.name.starts_with('/')) return "not a part of the project";
  return "not as a captured compiler left it: prebuilt, changed afterwards, or made by ld -r";
}

OrderedJson native_objects(const Recipe& recipe, const std::vector<UnitRecord>& units) {
  OrderedJson list = OrderedJson::array();
  for_each_input(recipe, Overload{{}, [&](const ObjectInput& object) {
                                    OrderedJson entry;
                                    entry["name"] = object.name;
                                    entry["reason"] = reason_of(object, units);
                                    list.push_back(std::move(entry));
                                  }});
  return list;
}

}  // namespace

CaptureCounts count_captured(const std::vector<InstalledProgram>& programs, const CanonicalUnits& units) {
  CaptureCounts counts;
  std::set<Digest> distinct;
  for (const auto& [object, unit] : units) distinct.insert(unit.digest);
  counts.units = units.size();
  counts.distinct_units = distinct.size();
  counts.programs = programs.size();
  counts.lowerable = static_cast<std::size_t>(
      std::ranges::count_if(programs, [](const auto& program) { return program.recipe.has_value(); }));
  return counts;
}

std::string capture_report(const std::vector<InstalledProgram>& programs, const std::vector<UnitRecord>& units,
                           const CanonicalUnits& canonical) {
  const CaptureCounts counts = count_captured(programs, canonical);
  OrderedJson json;
  json["units"] = counts.units;
  json["distinct_units"] = counts.distinct_units;
  json["programs"] = OrderedJson::array();
  for (const InstalledProgram& program : programs) {
    OrderedJson entry;
    entry["path"] = program.path;
    if (program.recipe) {
      std::size_t ir = 0;
      for_each_input(*program.recipe, Overload{[&](const IrInput&) { ++ir; }, {}});
      entry["recipe"] = Digest::of(to_json(*program.recipe)).to_string();
      entry["ir"] = ir;
      entry["native"] = native_objects(*program.recipe, units);
    } else {
      entry["reason"] = program.reason;
    }
    json["programs"].push_back(std::move(entry));
  }
  return dump_json(json, 2) + "\n";
}

}  // namespace xaas
