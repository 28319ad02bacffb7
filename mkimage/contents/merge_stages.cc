// See merge_stages.h.
#include "mkimage/contents/merge_stages.h"

#include <set>
#include <tuple>
#include <vector>

namespace xaas {
namespace {

// One unit of one configuration.
struct Unit {
  const UnitRecord* record;
  Digest module;
};

std::vector<Unit> units_of(const ImageContents& contents, const ConfigurationContents& configuration) {
  std::vector<Unit> units;
  for (const UnitRecord& record : configuration.units) {
    const auto canonical = contents.canonical.units.find(record.object);
    if (canonical != contents.canonical.units.end()) units.push_back({&record, canonical->second.digest});
  }
  return units;
}

// A unit that was not preprocessed by itself equals the units with the same object.
UnitIdentity identity_of(const UnitRecord& record) {
  return record.identity ? *record.identity : UnitIdentity{record.object, record.object, record.object};
}

std::uint64_t size_of(const std::set<Digest>& modules, const std::filesystem::path& ir) {
  std::uint64_t size = 0;
  for (const Digest& module : modules) {
    std::error_code error;
    const auto bytes = std::filesystem::file_size(ir / module.hex(), error);
    if (!error) size += bytes;
  }
  return size;
}

// Says in what the units of one object differ between configurations.
std::string difference(const std::vector<Unit>& units) {
  std::set<Digest> texts;
  std::set<Digest> options;
  std::set<std::vector<std::string>> machine_options;
  for (const Unit& unit : units) {
    const UnitIdentity identity = identity_of(*unit.record);
    if (!unit.record->identity) return "not preprocessed by itself";
    texts.insert(identity.text);
    options.insert(identity.options);
    machine_options.insert(unit.record->machine_options);
  }
  if (texts.size() > 1) return "preprocessed text";
  if (options.size() > 1) return "options";
  if (machine_options.size() > 1) return "options for the CPU, which vectors or intrinsics in it need";
  return "IR of the same text";
}

}  // namespace

MergeStages measure_stages(const ImageContents& contents, const std::filesystem::path& ir) {
  MergeStages stages;
  std::set<Digest> commands;
  std::set<std::tuple<std::string, Digest, Digest>> published;
  std::set<std::tuple<Digest, Digest, std::vector<std::string>>> texts;
  std::set<Digest> modules;
  std::set<Digest> of_default;
  std::map<std::string, std::vector<Unit>> by_target;
  for (const ConfigurationContents& configuration : contents.configurations) {
    for (const Unit& unit : units_of(contents, configuration)) {
      const UnitIdentity identity = identity_of(*unit.record);
      ++stages.units;
      if (!unit.record->is_shared) ++stages.compiled;
      commands.insert(identity.command);
      published.insert({unit.record->name(), identity.text, identity.options});
      texts.insert({identity.text, identity.options, unit.record->machine_options});
      modules.insert(unit.module);
      if (&configuration == &contents.configurations.front()) of_default.insert(unit.module);
      by_target[unit.record->name()].push_back(unit);
    }
  }
  stages.commands = commands.size();
  stages.published_rule = published.size();
  stages.texts = texts.size();
  stages.modules = modules.size();
  stages.module_bytes = size_of(modules, ir);
  stages.default_bytes = size_of(of_default, ir);
  for (const auto& [target, units] : by_target) {
    std::set<Digest> distinct;
    for (const Unit& unit : units) distinct.insert(unit.module);
    if (distinct.size() > 1) ++stages.differences[difference(units)];
  }
  return stages;
}

std::string stage_table(const MergeStages& stages) {
  const auto merged = [&](std::size_t count) {
    return stages.units == 0 ? 0.0 : 100.0 * (1.0 - static_cast<double>(count) / static_cast<double>(stages.units));
  };
  std::string text = fmt::format("{:<52}{:>10}{:>10}\n", "units of all configurations", "count", "merged");
  const auto line = [&](const char* name, std::size_t count) {
    text += fmt::format("{:<52}{:>10}{:>9.1f}%\n", name, count, merged(count));
  };
  line("units", stages.units);
  line("distinct commands", stages.commands);
  line("distinct objects, texts and options but for the CPU", stages.published_rule);
  line("distinct texts and options", stages.texts);
  line("compiled", stages.compiled);
  line("distinct modules of canonical IR, which are stored", stages.modules);
  text += fmt::format("{:<52}{:>9.2f}x\n", "bytes of modules, over those of the default alone",
                      stages.default_bytes == 0
                          ? 0.0
                          : static_cast<double>(stages.module_bytes) / static_cast<double>(stages.default_bytes));
  for (const auto& [why, count] : stages.differences) {
    text += fmt::format("{:<52}{:>10}\n", "objects that differ in " + why, count);
  }
  text.pop_back();
  return text;
}

OrderedJson to_ordered_json(const MergeStages& stages) {
  OrderedJson json;
  json["units"] = stages.units;
  json["compiled"] = stages.compiled;
  json["distinct_commands"] = stages.commands;
  json["distinct_by_published_rule"] = stages.published_rule;
  json["distinct_texts"] = stages.texts;
  json["stored_modules"] = stages.modules;
  json["module_bytes"] = stages.module_bytes;
  json["default_module_bytes"] = stages.default_bytes;
  json["differences"] = stages.differences;
  return json;
}

}  // namespace xaas
