// The manifest to and from JSON; see manifest.h and spec/image-format.md, section "Manifest".
#include "format/manifest.h"

#include <algorithm>
#include <filesystem>
#include <limits>
#include <set>

#include "format/base/json_fields.h"
#include "format/base/paths.h"
#include "format/moved_prefix.h"

namespace xaas {
namespace {

using Rank = std::numeric_limits<std::int32_t>;

OrderedJson encode(const Requirements& requires_) {
  return {{"features", requires_.features}, {"libraries", requires_.libraries}, {"devices", requires_.devices}};
}

OrderedJson encode(const Level& level) {
  OrderedJson json = {{"name", level.name}, {"features", level.features}};
  if (!level.problem.empty()) json["problem"] = level.problem;
  return json;
}

OrderedJson encode(const ReadyLevel& ready) {
  return {{"cpu", ready.cpu}, {"features", ready.features}, {"level", ready.level}, {"policy", ready.policy}};
}

OrderedJson encode(const Slot& slot) {
  return {{"name", slot.name}, {"libraries", slot.libraries}, {"symbols", slot.symbols}};
}

OrderedJson encode(const Configuration& configuration) {
  OrderedJson json = {{"name", configuration.name},
                      {"triple", configuration.triple},
                      {"rank", configuration.rank},
                      {"requires", encode(configuration.requires_)},
                      {"points", configuration.points},
                      {"libc_floor", configuration.libc_floor},
                      {"host_libraries", configuration.host_libraries}};
  if (!configuration.libc.empty()) json["libc"] = configuration.libc;
  if (!configuration.levels.empty()) json["shared_data"] = configuration.shares_data;
  for (const Level& level : configuration.levels) json["levels"].push_back(encode(level));
  for (const ReadyLevel& ready : configuration.ready) json["ready"].push_back(encode(ready));
  for (const Slot& slot : configuration.slots) json["slots"].push_back(encode(slot));
  return json;
}

OrderedJson encode(const Toolchain& toolchain) {
  return {{"host", toolchain.host},
          {"worker", toolchain.worker},
          {"digest", toolchain.digest.to_string()},
          {"llvm", toolchain.llvm},
          {"targets", toolchain.targets}};
}

OrderedJson encode(const RuntimeLibrary& library) {
  return {{"triple", library.triple},
          {"soname", library.soname},
          {"libc_versions", library.libc_versions},
          {"defined_versions", library.defined_versions}};
}

template <typename T>
OrderedJson encode(const std::vector<T>& items) {
  OrderedJson array = OrderedJson::array();
  for (const T& item : items) array.push_back(encode(item));
  return array;
}

Result<FeatureFlags> parse_features(const JsonObject& manifest) {
  XAAS_ASSIGN(const JsonObject fields, manifest.object("features"));
  FeatureFlags features;
  XAAS_ASSIGN(features.incompat, fields.strings("incompat"));
  XAAS_ASSIGN(features.lower_incompat, fields.strings("lower_incompat"));
  XAAS_ASSIGN(features.compat, fields.strings("compat"));
  return features;
}

Result<Requirements> parse_requirements(const JsonObject& configuration) {
  XAAS_ASSIGN(const JsonObject fields, configuration.object("requires"));
  Requirements requires_;
  XAAS_ASSIGN(requires_.features, fields.strings("features"));
  XAAS_ASSIGN(requires_.libraries, fields.strings("libraries"));
  XAAS_ASSIGN(requires_.devices, fields.strings("devices"));
  requires_.unknown = fields.keys_beside({"features", "libraries", "devices"});
  return requires_;
}

// The names of configurations and triples are names of directories in the image.
bool is_component(std::string_view name) { return is_normal(name) && name.find('/') == std::string_view::npos; }

Result<std::vector<Level>> parse_levels(const JsonObject& configuration) {
  if (!configuration.has("levels")) return {};
  XAAS_ASSIGN(const auto objects, configuration.objects("levels"));
  std::vector<Level> levels;
  for (const JsonObject& fields : objects) {
    Level level;
    XAAS_ASSIGN(level.name, fields.string("name"));
    XAAS_ASSIGN(level.features, fields.strings("features"));
    if (fields.has("problem")) {
      XAAS_ASSIGN(level.problem, fields.string("problem"));
    }
    // Nothing says whether a host meets a condition that this build does not know.
    const auto unknown = fields.keys_beside({"name", "features", "problem"});
    if (level.problem.empty() && !unknown.empty()) {
      level.problem = fmt::format("requires {}, which this version does not know", unknown.front());
    }
    if (level.name.empty() || std::ranges::find(levels, level.name, &Level::name) != levels.end()) {
      return fail(Code::invalid, "{}: key \"name\": \"{}\" is empty or the name of two levels", fields.where(),
                  level.name);
    }
    levels.push_back(std::move(level));
  }
  return levels;
}

Result<std::vector<ReadyLevel>> parse_ready(const JsonObject& configuration) {
  if (!configuration.has("ready")) return {};
  XAAS_ASSIGN(const auto objects, configuration.objects("ready"));
  std::vector<ReadyLevel> levels;
  for (const JsonObject& fields : objects) {
    ReadyLevel ready;
    XAAS_ASSIGN(ready.cpu, fields.string("cpu"));
    XAAS_ASSIGN(ready.features, fields.strings("features"));
    XAAS_ASSIGN(ready.level, fields.string("level"));
    XAAS_ASSIGN(ready.policy, fields.string("policy"));
    if (!is_component(ready.cpu) || std::ranges::find(levels, ready.cpu, &ReadyLevel::cpu) != levels.end()) {
      return fail(Code::invalid, "{}: key \"cpu\": \"{}\" cannot be a directory's name, or is there twice",
                  fields.where(), ready.cpu);
    }
    // Nothing says whether a host meets a condition that this build does not know.
    if (fields.keys_beside({"cpu", "features", "level", "policy"}).empty()) levels.push_back(std::move(ready));
  }
  return levels;
}

Result<std::vector<Slot>> parse_slots(const JsonObject& configuration) {
  if (!configuration.has("slots")) return {};
  XAAS_ASSIGN(const auto objects, configuration.objects("slots"));
  std::vector<Slot> slots;
  for (const JsonObject& fields : objects) {
    Slot slot;
    XAAS_ASSIGN(slot.name, fields.string("name"));
    XAAS_ASSIGN(slot.libraries, fields.strings("libraries"));
    XAAS_ASSIGN(slot.symbols, fields.strings("symbols"));
    if (!is_component(slot.name) || std::ranges::find(slots, slot.name, &Slot::name) != slots.end()) {
      return fail(Code::invalid, "{}: key \"name\": \"{}\" cannot be a directory's name, or is there twice",
                  fields.where(), slot.name);
    }
    if (!std::ranges::all_of(slot.libraries, is_component)) {
      return fail(Code::invalid, "{}: key \"libraries\": a soname cannot be the name of a file", fields.where());
    }
    // Nothing says whether a host's library meets a condition that this build does not know.
    if (fields.keys_beside({"name", "libraries", "symbols"}).empty()) slots.push_back(std::move(slot));
  }
  return slots;
}

Result<Configuration> parse_configuration(const JsonObject& fields) {
  Configuration configuration;
  XAAS_ASSIGN(configuration.name, fields.string("name"));
  XAAS_ASSIGN(configuration.triple, fields.string("triple"));
  XAAS_ASSIGN(configuration.rank, fields.integer("rank", Rank::min(), Rank::max()));
  XAAS_ASSIGN(configuration.requires_, parse_requirements(fields));
  XAAS_ASSIGN(configuration.points, fields.string_map("points"));
  if (fields.has("libc")) {
    XAAS_ASSIGN(configuration.libc, fields.string("libc"));
  }
  XAAS_ASSIGN(configuration.libc_floor, fields.string("libc_floor"));
  XAAS_ASSIGN(configuration.host_libraries, fields.strings("host_libraries"));
  XAAS_ASSIGN(configuration.levels, parse_levels(fields));
  if (fields.has("shared_data")) {
    XAAS_ASSIGN(configuration.shares_data, fields.boolean("shared_data"));
  }
  XAAS_ASSIGN(configuration.ready, parse_ready(fields));
  XAAS_ASSIGN(configuration.slots, parse_slots(fields));
  if (!is_component(configuration.name)) {
    return fail(Code::invalid, "{}: key \"name\": \"{}\" cannot be a directory's name", fields.where(),
                configuration.name);
  }
  if (!is_component(configuration.triple)) {
    return fail(Code::invalid, "{}: key \"triple\": \"{}\" cannot be a directory's name", fields.where(),
                configuration.triple);
  }
  return configuration;
}

Result<Toolchain> parse_toolchain(const JsonObject& fields) {
  Toolchain toolchain;
  XAAS_ASSIGN(toolchain.host, fields.string("host"));
  XAAS_ASSIGN(toolchain.worker, fields.string("worker"));
  XAAS_ASSIGN(toolchain.digest, fields.digest("digest"));
  XAAS_ASSIGN(toolchain.llvm, fields.string("llvm"));
  XAAS_ASSIGN(toolchain.targets, fields.strings("targets"));
  return toolchain;
}

Result<RuntimeLibrary> parse_runtime_library(const JsonObject& fields) {
  RuntimeLibrary library;
  XAAS_ASSIGN(library.triple, fields.string("triple"));
  XAAS_ASSIGN(library.soname, fields.string("soname"));
  XAAS_ASSIGN(library.libc_versions, fields.strings("libc_versions"));
  XAAS_ASSIGN(library.defined_versions, fields.strings("defined_versions"));
  return library;
}

template <typename T, typename Parse>
Result<std::vector<T>> parse_list(const JsonObject& fields, std::string_view key, Parse parse) {
  XAAS_ASSIGN(const auto objects, fields.objects(key));
  std::vector<T> items;
  for (const JsonObject& object : objects) {
    XAAS_ASSIGN(items.emplace_back(), parse(object));
  }
  return items;
}

Result<std::string> parse_prefix(const JsonObject& manifest) {
  XAAS_ASSIGN(std::string prefix, manifest.string("prefix"));
  if (prefix.starts_with('/') && is_normal(prefix.substr(1))) return prefix;
  return fail(Code::invalid, "manifest: key \"prefix\": \"{}\" must be an absolute path below /, in its normal form",
              prefix);
}

Result<std::string> parse_main(const JsonObject& manifest) {
  if (!manifest.has("main")) return std::string();
  XAAS_ASSIGN(std::string main, manifest.string("main"));
  if (is_normal(main)) return main;
  return fail(Code::invalid, "manifest: key \"main\": \"{}\" must be a path in the tree, in its normal form", main);
}

Result<std::vector<Configuration>> parse_configurations(const JsonObject& manifest, const std::string& default_name) {
  XAAS_ASSIGN(auto configurations, parse_list<Configuration>(manifest, "configurations", parse_configuration));
  std::set<std::string_view> names;
  for (const Configuration& configuration : configurations) {
    if (!names.insert(configuration.name).second) {
      return fail(Code::invalid, "manifest: there are two configurations \"{}\"", configuration.name);
    }
  }
  if (!names.contains(default_name)) {
    return fail(Code::invalid, "manifest: key \"default_configuration\": there is no configuration \"{}\"",
                default_name);
  }
  return configurations;
}

// An unknown feature of lowering may have changed the list, which is no damage. Without the list, nothing is lowered
// and the baseline is served.
template <typename T>
Status take_list(Result<std::vector<T>> list, const FeatureFlags& features, std::vector<T>& into) {
  if (!list && features.lower_incompat.empty()) return tl::unexpected<Error>(std::move(list.error()));
  if (list) into = std::move(*list);
  return {};
}

Status parse_body(const JsonObject& fields, Manifest& manifest) {
  XAAS_ASSIGN(manifest.name, fields.string("name"));
  XAAS_ASSIGN(manifest.version, fields.string("version"));
  XAAS_ASSIGN(manifest.prefix, parse_prefix(fields));
  XAAS_ASSIGN(manifest.triples, fields.strings("triples"));
  XAAS_ASSIGN(manifest.default_configuration, fields.string("default_configuration"));
  XAAS_TRY(take_list(parse_configurations(fields, manifest.default_configuration), manifest.features,
                     manifest.configurations));
  if (fields.has("policy")) {
    XAAS_ASSIGN(manifest.policy, fields.string("policy"));
  }
  XAAS_ASSIGN(manifest.main, parse_main(fields));
  if (fields.has("runtime_libraries")) {
    XAAS_ASSIGN(manifest.runtime_libraries,
                parse_list<RuntimeLibrary>(fields, "runtime_libraries", parse_runtime_library));
  }
  if (fields.has("source")) {
    XAAS_ASSIGN(const JsonObject source, fields.object("source"));
    XAAS_ASSIGN(manifest.source, parse_source_record(source));
  }
  return take_list(parse_list<Toolchain>(fields, "toolchains", parse_toolchain), manifest.features,
                   manifest.toolchains);
}

}  // namespace

std::string to_json(const Manifest& manifest) {
  const FeatureFlags& features = manifest.features;
  OrderedJson json = {
      {"format", manifest.format},
      {"features",
       {{"incompat", features.incompat}, {"lower_incompat", features.lower_incompat}, {"compat", features.compat}}},
      {"name", manifest.name},
      {"version", manifest.version},
      {"prefix", manifest.prefix},
      {"triples", manifest.triples},
      {"default_configuration", manifest.default_configuration},
      {"configurations", encode(manifest.configurations)},
      {"toolchains", encode(manifest.toolchains)}};
  if (!manifest.runtime_libraries.empty()) json["runtime_libraries"] = encode(manifest.runtime_libraries);
  if (manifest.policy != kDefaultPolicy) json["policy"] = manifest.policy;
  if (!manifest.main.empty()) json["main"] = manifest.main;
  if (manifest.source) json["source"] = to_ordered_json(*manifest.source);
  return dump_json(json, 2) + '\n';
}

Result<Manifest> parse_manifest(std::string_view json) {
  XAAS_ASSIGN(const Json value, parse_json(json, "manifest"));
  XAAS_ASSIGN(const JsonObject fields, JsonObject::of(value, "manifest"));
  XAAS_ASSIGN(const std::int64_t format, fields.integer("format", 1, std::numeric_limits<std::uint32_t>::max()));
  if (format > kFormatVersion) {
    return fail(Code::unsupported, "the image has format version {}, this program reads up to {}: use a newer one",
                format, kFormatVersion);
  }
  Manifest manifest;
  manifest.format = static_cast<std::uint32_t>(format);
  XAAS_ASSIGN(manifest.features, parse_features(fields));
  if (auto body = parse_body(fields, manifest); !body) {
    // An unknown feature may have changed the rest, which is no damage.
    XAAS_TRY(check_readable(manifest));
    return tl::unexpected<Error>(std::move(body.error()));
  }
  return manifest;
}

bool is_movable(const Manifest& manifest) {
  return std::ranges::find(manifest.features.incompat, kMovablePrefix) != manifest.features.incompat.end();
}

std::string own_prefix(const Manifest& manifest) {
  if (!is_movable(manifest)) return manifest.prefix;
  const std::string name = std::filesystem::path(manifest.name).filename();
  return "/opt/" + (name.empty() || name == "." || name == ".." ? std::string("xaas") : name);
}

std::string full_name(const Manifest& manifest) {
  return manifest.version.empty() ? manifest.name : manifest.name + " " + manifest.version;
}

Status check_readable(const Manifest& manifest) {
  for (const std::string& feature : manifest.features.incompat) {
    if (feature == kMovablePrefix) continue;
    return fail(Code::unsupported,
                "the image needs the feature \"{}\", which this program does not know: use a newer one", feature);
  }
  return {};
}

Status check_lowerable(const Manifest& manifest) {
  XAAS_TRY(check_readable(manifest));
  if (manifest.features.lower_incompat.empty()) return {};
  return fail(
      Code::unsupported,
      "lowering the image needs the feature \"{}\", which this program does not know: use a newer one, or the baseline",
      manifest.features.lower_incompat.front());
}

}  // namespace xaas
