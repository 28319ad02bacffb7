// Counts and reasons; see capture_report.h.
#include "mkimage/capture_report.h"

#include <unistd.h>

#include <algorithm>

#include "format/json_fields.h"

namespace xaas {
namespace {

// All inputs of one kind, members of archives included.
template <typename Input>
std::vector<const Input*> inputs_of(const Recipe& recipe) {
  std::vector<const Input*> found;
  const auto add = [&](const auto& choice) {
    if (const auto* input = std::get_if<Input>(&choice)) found.push_back(input);
  };
  for (const LinkArgument& argument : recipe.arguments) {
    add(argument);
    const auto* archive = std::get_if<ArchiveInput>(&argument);
    if (archive != nullptr) std::ranges::for_each(archive->members, add);
  }
  return found;
}

std::string reason_of(const ObjectInput& object, const std::vector<UnitRecord>& units) {
  const auto found = std::ranges::lower_bound(units, object.digest, {}, &UnitRecord::object);
  if (found != units.end() && found->object == object.digest && !found->reason.empty()) return found->reason;
  if (object.name.starts_with('/')) return "not a part of the project";
  return "not as a captured compiler left it: prebuilt, changed afterwards, or made by ld -r";
}

OrderedJson native_objects(const Recipe& recipe, const std::vector<UnitRecord>& units) {
  OrderedJson list = OrderedJson::array();
  for (const ObjectInput* object : inputs_of<ObjectInput>(recipe)) {
    OrderedJson entry;
    entry["name"] = object->name;
    entry["reason"] = reason_of(*object, units);
    list.push_back(std::move(entry));
  }
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

Status check_report(const std::filesystem::path& path) {
  const std::filesystem::path directory = path.has_parent_path() ? path.parent_path() : ".";
  if (std::filesystem::is_directory(path)) return fail(Code::invalid, "the report {} is a directory", path.string());
  if (access(directory.c_str(), W_OK | X_OK) == 0) return {};
  return fail_errno(fmt::format("cannot write the report {}", path.string()));
}

std::string capture_report(const std::vector<InstalledProgram>& programs, const std::vector<UnitRecord>& units,
                           const CanonicalUnits& canonical, const BundledLibraries& bundled, const HostNeeds& needs) {
  const CaptureCounts counts = count_captured(programs, canonical);
  OrderedJson json;
  json["units"] = counts.units;
  json["distinct_units"] = counts.distinct_units;
  json["programs"] = OrderedJson::array();
  for (const InstalledProgram& program : programs) {
    OrderedJson entry;
    entry["path"] = program.path;
    if (program.recipe) {
      entry["recipe"] = Digest::of(to_json(*program.recipe)).to_string();
      entry["ir"] = inputs_of<IrInput>(*program.recipe).size();
      entry["native"] = native_objects(*program.recipe, units);
    } else {
      entry["reason"] = program.reason;
    }
    json["programs"].push_back(std::move(entry));
  }
  json["bundled"] = OrderedJson::array();
  for (const auto& [place, file] : bundled) json["bundled"].push_back(std::filesystem::path(place).filename().string());
  json["host_libraries"] = needs.libraries;
  return dump_json(json, 2) + "\n";
}

}  // namespace xaas
