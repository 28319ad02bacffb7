// Writes TOML; see build_recipe.h.
#include "lower/source_build/build_recipe.h"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "format/base/json_fields.h"
#include "format/base/split.h"
#include "format/base/text.h"
#include "format/slots.h"

namespace xaas {
namespace {

// JSON's strings and arrays of strings are TOML's too.
std::string toml(const OrderedJson& value) { return dump_json(value); }

// The points in the order in which the name of the configuration has their values. Two points with the same value can
// stand in either order.
std::vector<std::string> ordered_points(const SourceConfiguration& configuration) {
  std::vector<std::string> ordered;
  for_each_piece(configuration.name, '+', [&](std::string_view value) {
    const auto found = std::ranges::find_if(
        configuration.points, [&](const auto& point) { return point.second == value && !is_in(ordered, point.first); });
    if (found != configuration.points.end()) ordered.push_back(found->first);
  });
  return ordered;
}

// All requirements stand at one value: together they are those of the configuration. The rank is not said, because
// that of the image decides.
std::string value_text(const std::string& value, const std::string& substitute, const HostBuild* needs) {
  std::string text = fmt::format("name = {}, substitute = {}", toml(value), toml(substitute));
  if (needs != nullptr) {
    text += fmt::format(", features = {}, libraries = {}, devices = {}", toml(needs->features), toml(needs->libraries),
                        toml(needs->devices));
  }
  return text;
}

std::string points_text(const SourceConfiguration& configuration) {
  std::string text;
  const HostBuild* needs = &*configuration.on_host;
  for (const std::string& point : ordered_points(configuration)) {
    const auto substitute = configuration.substitutes.find(point);
    const std::string& value = configuration.points.at(point);
    text += fmt::format("\n[[points]]\nname = {}\nvalues = [{{{}}}]\n", toml(point),
                        value_text(value, substitute == configuration.substitutes.end() ? value : substitute->second,
                                   std::exchange(needs, nullptr)));
  }
  return text;
}

// A newer mkxaas may have written more than the mkxaas of this host knows.
std::vector<std::string> known_slots(std::vector<std::string> slots) {
  std::erase_if(slots, [](const std::string& name) { return find_slot(name) == nullptr; });
  return slots;
}

std::string levels_text(const std::vector<std::string>& levels) {
  const bool is_word = levels.size() == 1 && (levels.front() == "auto" || levels.front() == "none");
  return is_word ? toml(levels.front()) : toml(levels);
}

}  // namespace

std::string build_recipe(const Manifest& manifest, const SourceConfiguration& configuration) {
  const SourceRecord& source = *manifest.source;
  std::string text;
  const auto line = [&](std::string_view key, const std::string& value) {
    text += fmt::format("{} = {}\n", key, value);
  };
  line("name", toml(manifest.name));
  line("version", toml(manifest.version));
  if (!is_movable(manifest)) line("prefix", toml(manifest.prefix));
  if (!manifest.main.empty()) line("main", toml(manifest.main));
  line("policy", toml(manifest.policy));
  line("configure", toml(source.configure));
  line("build", toml(source.build));
  line("install", toml(source.install));
  if (!source.fortran.empty()) line("fortran", toml(source.fortran));
  line("levels", levels_text(source.levels));
  if (const auto slots = known_slots(source.slots); !slots.empty()) line("slots", toml(slots));
  if (source.cuda_families) line("cuda", fmt::format("{{families = {}}}", toml(*source.cuda_families)));
  line("ready", toml("none"));
  line("bundle", "false");
  line("with_source", "false");
  std::string files;
  for (const CopiedFile& file : source.copied) {
    files += fmt::format("{}{{from = {}, to = {}}}", files.empty() ? "" : ", ", toml(file.from), toml(file.to));
  }
  if (!files.empty()) line("files", fmt::format("[{}]", files));
  return text + points_text(configuration);
}

}  // namespace xaas
