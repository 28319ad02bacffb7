// Projects of a few lines, and what `mkxaas discover` finds in them, as one text each.
#pragma once

#include <catch2/catch.hpp>
#include <map>

#include "format/base/file.h"
#include "mkimage/discover/discover.h"
#include "mkimage/discover/discovery_text.h"
#include "mkimage/plan/configuration_plan.h"

namespace xaas::test::discovery {

using Files = std::map<std::string, std::string>;

inline xaas::TempDirectory project_of(const Files& files) {
  auto directory = xaas::TempDirectory::create("/tmp").value();
  for (const auto& [name, text] : files) {
    std::filesystem::create_directories((directory.path() / name).parent_path());
    REQUIRE(xaas::write_file(directory.path() / name, text));
  }
  return directory;
}

inline xaas::Discovery discovery_of(const Files& files) {
  const auto directory = project_of(files);
  return xaas::discover({.source = directory.path()}).value();
}

inline xaas::Discovery of_cmake(const std::string& text) {
  return discovery_of({{"CMakeLists.txt", "cmake_minimum_required(VERSION 3.20)\nproject(demo C)\n" + text}});
}

// "name default flag" of each finding, in their order.
inline std::string findings(const xaas::Discovery& discovery) {
  std::string text;
  for (const xaas::Finding& finding : discovery.findings) {
    text += (text.empty() ? "" : ", ") + finding.name + (finding.is_default ? "* " : " ") + finding.flag;
  }
  return text;
}

// "default" of a point, "?" if it depends on the host, "-" if there is no such point, "!" in front if it is not
// offered.
inline std::string default_of(const xaas::Discovery& discovery, const std::string& name) {
  const xaas::BuildPoint* point = xaas::find_point(discovery.build, name);
  if (point == nullptr) return "-";
  return (point->is_offered ? "" : "!") + point->default_value.value_or("?");
}

inline std::string values_of(const xaas::Discovery& discovery, const std::string& name) {
  std::string text;
  for (const xaas::BuildValue& value : xaas::find_point(discovery.build, name)->values) text += value.value + " ";
  return text;
}

// What mkxaas makes of the recipe file that is written for a project.
inline std::vector<xaas::PlannedConfiguration> plan_of(const Files& files) {
  const auto directory = project_of(files);
  const std::filesystem::path file = directory.path() / "out.toml";
  REQUIRE(xaas::run_discover({.source = directory.path(), .recipe = file}));
  return xaas::plan_configurations(xaas::load_recipe_file(file).value(), {}).value();
}

inline std::string names_of(const std::vector<xaas::PlannedConfiguration>& plan) {
  std::string text;
  for (const xaas::PlannedConfiguration& one : plan) text += (text.empty() ? "" : " ") + one.name;
  return text;
}

}  // namespace xaas::test::discovery
