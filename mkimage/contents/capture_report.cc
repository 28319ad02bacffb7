// Writes counts and reasons; see capture_report.h.
#include "mkimage/contents/capture_report.h"

#include <unistd.h>

#include <algorithm>

#include "format/base/json_fields.h"
#include "mkimage/compiler/real_compiler.h"
#include "mkimage/contents/native_reasons.h"
#include "mkimage/contents/unit_asks.h"

namespace xaas {
namespace {

// All inputs of one kind, members of archives included.
template <typename Input>
std::vector<const Input*> inputs_of(const Recipe& recipe) {
  std::vector<const Input*> found;
  for_each_input(recipe, [&](const auto& choice) {
    if (const auto* input = std::get_if<Input>(&choice)) found.push_back(input);
  });
  return found;
}

OrderedJson native_objects(const Recipe& recipe, const ConfigurationContents& configuration,
                           const CanonicalStore& canonical) {
  OrderedJson list = OrderedJson::array();
  for (const ObjectInput* object : inputs_of<ObjectInput>(recipe)) {
    OrderedJson entry;
    entry["name"] = object->name;
    entry["reason"] = native_reason(object->digest, object->name, configuration, canonical);
    list.push_back(std::move(entry));
  }
  return list;
}

OrderedJson describe(const Level& level) {
  return {{"name", level.name}, {"features", level.features}, {"problem", level.problem}};
}

OrderedJson describe(const IrVariant& variant) {
  return {{"levels", variant.levels}, {"ir", variant.digest.to_string()}, {"features", variant.features}};
}

OrderedJson describe(const InstalledProgram& program, const ConfigurationContents& configuration,
                     const CanonicalStore& canonical) {
  OrderedJson entry;
  entry["configuration"] = configuration.plan.name;
  entry["path"] = program.path;
  if (program.recipe) {
    entry["recipe"] = Digest::of(to_json(*program.recipe)).to_string();
    entry["ir"] = inputs_of<IrInput>(*program.recipe).size();
    entry["native"] = native_objects(*program.recipe, configuration, canonical);
  } else {
    entry["reason"] = program.reason;
  }
  return entry;
}

}  // namespace

CaptureCounts count_captured(const ImageContents& contents) {
  CaptureCounts counts;
  std::set<Digest> distinct;
  for (const auto& [object, unit] : contents.canonical.units) distinct.insert(unit.digest);
  counts.units = contents.canonical.units.size();
  counts.distinct_units = distinct.size();
  for (const ConfigurationContents& configuration : contents.configurations) {
    counts.programs += configuration.programs.size();
    counts.lowerable += static_cast<std::size_t>(
        std::ranges::count_if(configuration.programs, [](const auto& program) { return program.recipe.has_value(); }));
  }
  return counts;
}

GpuCode count_gpu_code(const ImageContents& contents) {
  GpuCodeCounter counter;
  for (const ConfigurationContents& configuration : contents.configurations) {
    for (const InstalledProgram& program : configuration.programs) {
      if (program.recipe) counter.add(*program.recipe);
    }
  }
  return counter.count();
}

std::set<std::string> fortran_compilers(const ImageContents& contents) {
  std::set<std::string> compilers;
  for (const ConfigurationContents& configuration : contents.configurations) {
    for (const UnitRecord& unit : configuration.units) {
      const std::string name = std::filesystem::path(unit.compiler).filename().string();
      if (compiler_role(name) == CompilerRole::fortran && configuration.linked.contains(unit.object)) {
        compilers.insert(name);
      }
    }
  }
  return compilers;
}

Status check_report(const std::filesystem::path& path) {
  const std::filesystem::path directory = path.has_parent_path() ? path.parent_path() : ".";
  if (std::filesystem::is_directory(path)) return fail(Code::invalid, "the report {} is a directory", path.string());
  if (access(directory.c_str(), W_OK | X_OK) == 0) return {};
  return fail_errno(fmt::format("cannot write the report {}", path.string()));
}

std::string capture_report(const ImageContents& contents, const Manifest& manifest, const MergeStages& stages) {
  const CaptureCounts counts = count_captured(contents);
  OrderedJson json;
  json["units"] = counts.units;
  json["distinct_units"] = counts.distinct_units;
  json["configurations"] = OrderedJson::array();
  json["programs"] = OrderedJson::array();
  for (std::size_t i = 0; i < contents.configurations.size(); ++i) {
    const ConfigurationContents& configuration = contents.configurations[i];
    OrderedJson entry;
    entry["name"] = configuration.plan.name;
    entry["rank"] = configuration.plan.rank;
    entry["features"] = manifest.configurations[i].requires_.features;
    entry["levels"] = OrderedJson::array();
    for (const Level& level : configuration.levels) entry["levels"].push_back(describe(level));
    entry["host_libraries"] = configuration.needs.libraries;
    json["configurations"].push_back(std::move(entry));
    for (const InstalledProgram& program : configuration.programs) {
      json["programs"].push_back(describe(program, configuration, contents.canonical));
    }
  }
  json["bundled"] = OrderedJson::array();
  for (const auto& [place, file] : contents.bundled)
    json["bundled"].push_back(std::filesystem::path(place).filename().string());
  json["host_libraries"] = contents.configurations.front().needs.libraries;
  json["unanswered_asks"] = OrderedJson::object();
  for (const auto& [unit, asks] : unanswered_asks(contents)) json["unanswered_asks"][unit] = asks;
  json["variants"] = OrderedJson::object();
  for (const auto& [unit, variants] : variants_of_units(contents)) {
    for (const IrVariant& variant : variants) json["variants"][unit].push_back(describe(variant));
  }
  json["merged"] = to_ordered_json(stages);
  return dump_json(json, 2) + "\n";
}

}  // namespace xaas
