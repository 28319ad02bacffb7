// Which configuration of an image this host runs. Implements spec/lowering.md, section "Choosing a configuration".
#include "lower/configuration.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "lower/host_library.h"

namespace xaas {
namespace {

std::string join(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

// Vendors differ between compilers.
bool is_same_kind(std::string_view one, std::string_view other) {
  const auto architecture = [](std::string_view triple) { return triple.substr(0, triple.find('-')); };
  return architecture(one) == architecture(other);
}

// Empty: the target satisfies it.
std::string reason_against(const Configuration& configuration, const Target& target) {
  if (!is_same_kind(configuration.triple, target.triple)) return fmt::format("is for {}", configuration.triple);
  const auto& unknown = configuration.requires_.unknown;
  if (!unknown.empty()) return fmt::format("requires {}, which this version does not know", join(unknown));
  const auto missing = missing_features(target, configuration.requires_.features);
  if (!missing.empty()) return fmt::format("needs {}, which {} lacks here", join(missing), target.cpu);
  for (const std::string& soname : configuration.requires_.libraries) {
    if (!find_host_library(soname, target.triple)) return fmt::format("needs the library {} on this host", soname);
  }
  if (!configuration.requires_.devices.empty()) {
    return fmt::format("needs the device {}, which this version cannot look for",
                       configuration.requires_.devices.front());
  }
  return {};
}

}  // namespace

const Toolchain* find_toolchain(const Manifest& manifest) {
  const std::string host = host_triple();
  const auto found = std::find_if(manifest.toolchains.begin(), manifest.toolchains.end(),
                                  [&](const Toolchain& toolchain) { return is_same_kind(toolchain.host, host); });
  return found == manifest.toolchains.end() ? nullptr : &*found;
}

std::string toolchain_directory(const Manifest& manifest) {
  const Toolchain* toolchain = find_toolchain(manifest);
  return toolchain == nullptr ? "" : std::filesystem::path(toolchain->worker).parent_path().string();
}

std::string lowering_triple(const Manifest& manifest) {
  std::string host = host_triple();
  for (const Configuration& configuration : manifest.configurations) {
    if (is_same_kind(configuration.triple, host)) return configuration.triple;
  }
  return host;
}

std::string missing_libc(const Manifest& manifest) {
  for (const Configuration& configuration : manifest.configurations) {
    if (configuration.name != manifest.default_configuration || configuration.libc_floor.empty()) continue;
    if (!host_libc_has(configuration.libc_floor, configuration.triple)) return configuration.libc_floor;
  }
  return {};
}

std::vector<Choice> explain_configurations(const Manifest& manifest, const Target& target, std::string_view forced) {
  std::vector<const Configuration*> ranked;
  ranked.reserve(manifest.configurations.size());
  for (const Configuration& configuration : manifest.configurations) ranked.push_back(&configuration);
  std::sort(ranked.begin(), ranked.end(), [](const Configuration* a, const Configuration* b) {
    return std::pair(-a->rank, a->name) < std::pair(-b->rank, b->name);
  });
  std::vector<Choice> choices;
  bool is_chosen = false;
  for (const Configuration* configuration : ranked) {
    Choice choice{.configuration = configuration->name, .reason = reason_against(*configuration, target)};
    if (!forced.empty() && forced != configuration->name) choice.reason = fmt::format("{} was asked for", forced);
    choice.accepted = choice.reason.empty();
    choice.chosen = choice.accepted && !std::exchange(is_chosen, is_chosen || choice.accepted);
    choices.push_back(std::move(choice));
  }
  return choices;
}

}  // namespace xaas
