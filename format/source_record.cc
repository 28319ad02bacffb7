// The record to and from JSON; see source_record.h.
#include "format/source_record.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "format/base/paths.h"
#include "format/base/version_number.h"

namespace xaas {
namespace {

OrderedJson encode(const HostBuild& build) {
  return {{"rank", build.rank},           {"features", build.features}, {"devices", build.devices},
          {"libraries", build.libraries}, {"tools", build.tools},       {"links", build.links},
          {"headers", build.headers}};
}

OrderedJson encode(const SourceConfiguration& configuration) {
  OrderedJson json = {
      {"name", configuration.name}, {"points", configuration.points}, {"substitutes", configuration.substitutes}};
  if (configuration.on_host) json["on_host"] = encode(*configuration.on_host);
  return json;
}

// What is needed has a form that can be looked for: it comes from whoever made the image.
Status check_needs(const JsonObject& fields, const HostBuild& build) {
  for (const std::string& tool : build.tools) {
    if (!parse_tool_need(tool)) return fail(Code::invalid, "{}: \"{}\" is no tool", fields.where(), tool);
  }
  for (const std::string& library : build.links) {
    if (link_name(library).empty()) return fail(Code::invalid, "{}: \"{}\" is no library", fields.where(), library);
  }
  for (const std::string& header : build.headers) {
    if (!is_normal(header)) return fail(Code::invalid, "{}: \"{}\" is no header", fields.where(), header);
  }
  return {};
}

Result<HostBuild> parse_host_build(const JsonObject& fields) {
  using RankLimits = std::numeric_limits<std::int32_t>;
  HostBuild build;
  XAAS_ASSIGN(build.rank, fields.integer("rank", RankLimits::min(), RankLimits::max()));
  XAAS_ASSIGN(build.features, fields.strings("features"));
  XAAS_ASSIGN(build.devices, fields.strings("devices"));
  XAAS_ASSIGN(build.libraries, fields.strings("libraries"));
  XAAS_ASSIGN(build.tools, fields.strings("tools"));
  XAAS_ASSIGN(build.links, fields.strings("links"));
  XAAS_ASSIGN(build.headers, fields.strings("headers"));
  XAAS_TRY(check_needs(fields, build));
  return build;
}

Result<SourceConfiguration> parse_source_configuration(const JsonObject& fields) {
  SourceConfiguration configuration;
  XAAS_ASSIGN(configuration.name, fields.string("name"));
  XAAS_ASSIGN(configuration.points, fields.string_map("points"));
  XAAS_ASSIGN(configuration.substitutes, fields.string_map("substitutes"));
  if (fields.has("on_host")) {
    XAAS_ASSIGN(const JsonObject build, fields.object("on_host"));
    XAAS_ASSIGN(configuration.on_host, parse_host_build(build));
  }
  return configuration;
}

Status parse_commands(const JsonObject& record, SourceRecord& into) {
  XAAS_ASSIGN(const JsonObject fields, record.object("commands"));
  XAAS_ASSIGN(into.configure, fields.string("configure"));
  XAAS_ASSIGN(into.build, fields.string("build"));
  XAAS_ASSIGN(into.install, fields.string("install"));
  XAAS_ASSIGN(into.arguments, fields.strings("arguments"));
  return {};
}

Status parse_copied(const JsonObject& record, SourceRecord& into) {
  XAAS_ASSIGN(const auto objects, record.objects("files_as_they_are"));
  for (const JsonObject& fields : objects) {
    CopiedFile& file = into.copied.emplace_back();
    XAAS_ASSIGN(file.from, fields.string("from"));
    XAAS_ASSIGN(file.to, fields.string("to"));
  }
  return {};
}

// Images of older writers have neither.
Status parse_slots_and_families(const JsonObject& record, SourceRecord& into) {
  if (record.has("slots")) {
    XAAS_ASSIGN(into.slots, record.strings("slots"));
  }
  if (!record.has("cuda_families")) return {};
  XAAS_ASSIGN(const Json* families, record.array("cuda_families"));
  into.cuda_families.emplace();
  for (const Json& family : *families) {
    if (!family.is_number_unsigned() || family.get<std::uint64_t>() > kMostCudaFamily) {
      return fail(Code::invalid, "{}: key \"cuda_families\" must have architectures of GPUs", record.where());
    }
    into.cuda_families->push_back(family.get<unsigned>());
  }
  return {};
}

}  // namespace

std::optional<ToolNeed> parse_tool_need(std::string_view text) {
  constexpr std::string_view kLeast = ">=";
  const std::size_t sign = text.find(kLeast);
  ToolNeed need{std::string(text.substr(0, sign)), {}};
  const bool is_name = !need.name.empty() && need.name.front() != '-' && std::ranges::all_of(need.name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
           c == '-' || c == '+';
  });
  if (!is_name || need.name.starts_with('.')) return std::nullopt;
  if (sign == std::string_view::npos) return need;
  need.least = text.substr(sign + kLeast.size());
  if (need.least.empty() || leading_version(need.least) != need.least) return std::nullopt;
  return need;
}

std::string_view link_name(std::string_view library) {
  constexpr std::string_view kEnd = ".so";
  const std::size_t end = library.find(kEnd);
  if (!library.starts_with("lib") || end == std::string_view::npos || library.find('/') != std::string_view::npos) {
    return {};
  }
  const std::string_view version = library.substr(end + kEnd.size());
  return version.empty() || version.starts_with('.') ? library.substr(0, end + kEnd.size()) : std::string_view();
}

OrderedJson to_ordered_json(const SourceRecord& record) {
  OrderedJson copied = OrderedJson::array();
  for (const CopiedFile& file : record.copied) copied.push_back({{"from", file.from}, {"to", file.to}});
  OrderedJson configurations = OrderedJson::array();
  for (const SourceConfiguration& one : record.configurations) configurations.push_back(encode(one));
  OrderedJson json = {{"digest", record.digest.to_string()},
                      {"files", record.files},
                      {"bytes", record.bytes},
                      {"commands",
                       {{"configure", record.configure},
                        {"build", record.build},
                        {"install", record.install},
                        {"arguments", record.arguments}}},
                      {"files_as_they_are", copied},
                      {"fortran", record.fortran},
                      {"levels", record.levels},
                      {"tools", record.tools},
                      {"configurations", configurations}};
  json["slots"] = record.slots;
  if (record.cuda_families) json["cuda_families"] = *record.cuda_families;
  return json;
}

Result<SourceRecord> parse_source_record(const JsonObject& fields) {
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  SourceRecord record;
  XAAS_ASSIGN(record.digest, fields.digest("digest"));
  XAAS_ASSIGN(const std::int64_t files, fields.integer("files", 0, kMost));
  XAAS_ASSIGN(const std::int64_t bytes, fields.integer("bytes", 0, kMost));
  record.files = static_cast<std::uint64_t>(files);
  record.bytes = static_cast<std::uint64_t>(bytes);
  XAAS_TRY(parse_commands(fields, record));
  XAAS_TRY(parse_copied(fields, record));
  XAAS_ASSIGN(record.fortran, fields.string("fortran"));
  XAAS_ASSIGN(record.levels, fields.strings("levels"));
  XAAS_ASSIGN(record.tools, fields.string_map("tools"));
  XAAS_TRY(parse_slots_and_families(fields, record));
  XAAS_ASSIGN(const auto configurations, fields.objects("configurations"));
  for (const JsonObject& one : configurations) {
    XAAS_ASSIGN(record.configurations.emplace_back(), parse_source_configuration(one));
  }
  return record;
}

}  // namespace xaas
