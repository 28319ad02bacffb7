// The text and the JSON of a discovery; see discovery_text.h. The schema of others is in discovery_schema.cc.
#include "mkimage/discover/discovery_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "format/base/text.h"

namespace xaas {
namespace {

constexpr auto kTitles = std::to_array<std::string_view>(
    {"GPU", "parallel programming", "linear algebra", "Fourier transforms", "instruction sets"});

std::string place_text(const BuildPlace& place) {
  return place.file.empty() ? "" : fmt::format("{}:{}", place.file, place.line);
}

std::string default_text(const BuildPoint& point) {
  if (!point.is_offered) return "not offered";
  return point.default_value ? fmt::format("\"{}\"", *point.default_value) : "depends on the host";
}

std::string values_text(const BuildPoint& point) {
  if (point.kind != PointKind::choice) return std::string(kind_name(point.kind));
  std::vector<std::string_view> values;
  for (const BuildValue& value : point.values) values.push_back(value.value);
  return fmt::format("{}", fmt::join(values, "|"));
}

void append_line(std::string& text, const std::string& line) { text += printable(line) + "\n"; }

void append_findings(std::string& text, const Discovery& discovery) {
  const auto width = [](std::size_t known, const std::string& word) {
    return std::min<std::size_t>(std::max(known, word.size()), 40);
  };
  std::size_t name_width = 0;
  std::size_t flag_width = 0;
  for (const Finding& finding : discovery.findings) {
    name_width = width(name_width, finding.name);
    flag_width = width(flag_width, finding.flag);
  }
  std::optional<TermCategory> category;
  for (const Finding& finding : discovery.findings) {
    if (category != finding.category)
      append_line(text, fmt::format("{}:", kTitles[static_cast<std::size_t>(finding.category)]));
    category = finding.category;
    std::string line = fmt::format("  {} {:<{}}  {:<{}}  {}", finding.is_default ? '*' : ' ', finding.name, name_width,
                                   finding.flag, flag_width, place_text(finding.place));
    if (!finding.condition.empty()) line += "  if " + shortened(finding.condition, 80);
    append_line(text, line);
  }
  if (!discovery.findings.empty()) text += "* is what the build uses by default\n";
}

void append_points(std::string& text, const Discovery& discovery) {
  const auto is_found = [&](const BuildPoint& point) {
    return std::ranges::find(discovery.findings, point.name, &Finding::point) != discovery.findings.end();
  };
  bool has_title = false;
  for (const BuildPoint& point : discovery.build.points) {
    if (is_found(point) || point.is_implicit || point.is_foreign) continue;
    if (!has_title) text += "other options:\n";
    has_title = true;
    std::string line = fmt::format("    {}  {}, {}  {}", point.name, values_text(point), default_text(point),
                                   point.places.empty() ? "" : place_text(point.places.front()));
    if (!point.condition.empty()) line += "  if " + shortened(point.condition, 80);
    append_line(text, line);
  }
}

OrderedJson place_json(const BuildPlace& place) {
  if (place.file.empty()) return nullptr;
  return place_text(place);
}

OrderedJson text_or_null(const std::string& text) { return text.empty() ? OrderedJson(nullptr) : OrderedJson(text); }

OrderedJson finding_json(const Finding& finding) {
  return {{"kind", std::string(category_name(finding.category))},
          {"name", finding.name},
          {"term", text_or_null(finding.term)},
          {"default", finding.is_default},
          {"flag", text_or_null(finding.flag)},
          {"point", text_or_null(finding.point)},
          {"value", text_or_null(finding.value)},
          {"condition", text_or_null(finding.condition)},
          {"place", place_json(finding.place)}};
}

OrderedJson point_json(const BuildPoint& point) {
  OrderedJson values = OrderedJson::array();
  for (const BuildValue& value : point.values) values.push_back(value.value);
  OrderedJson places = OrderedJson::array();
  for (const BuildPlace& place : point.places) places.push_back(place_text(place));
  return {{"name", point.name},
          {"kind", std::string(kind_name(point.kind))},
          {"values", values},
          {"default", point.default_value ? OrderedJson(*point.default_value) : OrderedJson(nullptr)},
          {"flag", short_flag(point)},
          {"offered", point.is_offered},
          {"declared", !point.is_implicit},
          {"own", !point.is_foreign},
          {"condition", text_or_null(point.condition)},
          {"help", point.help},
          {"places", places}};
}

OrderedJson package_json(const UsedPackage& package) {
  return {{"name", package.name},
          {"version", text_or_null(package.version)},
          {"required", package.is_required},
          {"always", package.is_always},
          {"condition", text_or_null(package.condition)},
          {"place", place_json(package.place)}};
}

}  // namespace

std::string describe_discovery(const Discovery& discovery) {
  const BuildDescription& build = discovery.build;
  std::string text;
  append_line(text, fmt::format("project       {}", build.project.empty() ? "(has no name)" : build.project));
  append_line(text, fmt::format("build system  {}{}", build.build_system,
                                build.minimum_version.empty() ? "" : ", at least " + build.minimum_version));
  append_findings(text, discovery);
  if (!discovery.gpu_flag.empty()) append_line(text, fmt::format("GPUs are chosen by {}", discovery.gpu_flag));
  if (discovery.internal) {
    append_line(text, fmt::format("{} can come with the project{}", discovery.internal->name,
                                  discovery.internal->flag.empty() ? "" : ": " + discovery.internal->flag));
  }
  append_points(text, discovery);
  for (const std::string& note : build.notes) append_line(text, "note: " + note);
  return text;
}

OrderedJson discovery_json(const Discovery& discovery) {
  const BuildDescription& build = discovery.build;
  OrderedJson findings = OrderedJson::array();
  for (const Finding& finding : discovery.findings) findings.push_back(finding_json(finding));
  OrderedJson points = OrderedJson::array();
  for (const BuildPoint& point : build.points) points.push_back(point_json(point));
  OrderedJson packages = OrderedJson::array();
  for (const UsedPackage& package : build.packages) packages.push_back(package_json(package));
  return {{"project", text_or_null(build.project)},
          {"build_system", build.build_system},
          {"minimum_version", text_or_null(build.minimum_version)},
          {"languages", build.languages},
          {"gpu_flag", text_or_null(discovery.gpu_flag)},
          {"findings", findings},
          {"points", points},
          {"packages", packages},
          {"notes", build.notes}};
}

}  // namespace xaas
