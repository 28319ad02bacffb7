// Chooses the configuration of an image that this host runs. Implements spec/lowering.md, section "Choosing a
// configuration".
#include "lower/configuration.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <utility>

#include "format/device_condition.h"

namespace xaas {
namespace {

std::string join(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

// Compares architectures only, because compilers write different vendors into their triples.
bool is_same_kind(std::string_view one, std::string_view other) {
  const auto architecture = [](std::string_view triple) { return triple.substr(0, triple.find('-')); };
  return architecture(one) == architecture(other);
}

// What requirements of devices are looked for in.
struct Devices {
  std::vector<std::string> found;
  bool any_driver = false;  // the version of NVIDIA's driver is not known, and counts as new enough
  std::string place;        // for messages: "on this host"
};

// Whether the device, or the property of devices, is one of `name`.
bool is_about(std::string_view device, std::string_view name) {
  return device.starts_with(name) && (device.size() == name.size() || device[name.size()] == '=');
}

// Puts the GPUs that the user names in the place of the host's.
void take_named(const GpuArchitectures& gpus, Devices& devices) {
  std::erase_if(devices.found, [](const std::string& device) { return is_about(device, kNvidiaGpu); });
  if (gpus.empty()) {
    std::erase_if(devices.found, [](const std::string& device) { return is_about(device, kNvidiaDriver); });
    devices.place += " without GPUs";
    return;
  }
  devices.any_driver = device_properties(devices.found, kNvidiaDriver).empty();
  devices.found.emplace_back(kNvidiaGpu);
  for (const unsigned gpu : gpus) devices.found.push_back(fmt::format("{}={}", kNvidiaGpu, describe_gpus({gpu})));
  devices.place += fmt::format(" with {}", describe_gpus(gpus));
}

// Devices take a moment to find, so they are looked for only if a configuration requires one.
Devices devices_for(const Manifest& manifest, const HostView& host, const std::optional<GpuArchitectures>& gpus) {
  Devices devices{{}, false, fmt::format("on {}", host.name())};
  const auto requires_some = [](const Configuration& configuration) {
    return !configuration.requires_.devices.empty();
  };
  if (std::ranges::none_of(manifest.configurations, requires_some)) return devices;
  devices.found = host.devices();
  if (gpus) take_named(*gpus, devices);
  return devices;
}

// Whether the condition is met only because nobody knows better.
bool is_taken_for_granted(std::string_view required, const Devices& devices) {
  return devices.any_driver && required.starts_with(kNvidiaDriver);
}

// Says which device of `required` is not among the `devices`; empty if all are.
std::string missing_device(const std::vector<std::string>& required, const Devices& devices) {
  for (const std::string& device : required) {
    if (!is_known_device(device)) {
      return fmt::format("needs the device {}, which this version cannot look for", device);
    }
    if (!is_taken_for_granted(device, devices) && !has_device(devices.found, device)) {
      return fmt::format("needs the device {} {}", device, devices.place);
    }
  }
  return {};
}

std::string note_on(const Configuration& configuration, const Devices& devices) {
  for (const std::string& device : configuration.requires_.devices) {
    if (is_taken_for_granted(device, devices)) {
      return fmt::format("{} is taken for granted: the version of the driver is not known", device);
    }
  }
  return {};
}

// CPU names that stand for the levels of x86-64, and CPUs of aarch64: without and with SVE.
constexpr std::array<const char*, 4> kLevels = {"x86-64", "x86-64-v2", "x86-64-v3", "x86-64-v4"};
constexpr std::array<const char*, 4> kAArch64Levels = {"generic", "neoverse-n1", "neoverse-v1", "neoverse-v2"};

// The reason why the configuration is refused; empty if the target, on the host with these devices, satisfies it.
std::string reason_against(const Configuration& configuration, const Target& target, const Devices& devices,
                           const HostView& host) {
  if (!is_same_kind(configuration.triple, target.triple)) return fmt::format("is for {}", configuration.triple);
  const auto& unknown = configuration.requires_.unknown;
  if (!unknown.empty()) return fmt::format("requires {}, which this version does not know", join(unknown));
  const auto missing = missing_features(target, configuration.requires_.features);
  if (!missing.empty()) return fmt::format("needs {}, which {} lacks here", join(missing), target.cpu);
  for (const std::string& soname : configuration.requires_.libraries) {
    if (!host.find_library(soname, target.triple)) {
      return fmt::format("needs the library {} on {}", soname, host.name());
    }
  }
  return missing_device(configuration.requires_.devices, devices);
}

}  // namespace

const Toolchain* find_toolchain(const Manifest& manifest, const HostView& host) {
  const std::string triple = host.triple();
  const auto found = std::find_if(manifest.toolchains.begin(), manifest.toolchains.end(),
                                  [&](const Toolchain& toolchain) { return is_same_kind(toolchain.host, triple); });
  return found == manifest.toolchains.end() ? nullptr : &*found;
}

std::string toolchain_directory(const Manifest& manifest, const HostView& host) {
  const Toolchain* toolchain = find_toolchain(manifest, host);
  return toolchain == nullptr ? "" : std::filesystem::path(toolchain->worker).parent_path().string();
}

std::string lowering_triple(const Manifest& manifest, const HostView& host) {
  std::string own = host.triple();
  for (const Configuration& configuration : manifest.configurations) {
    if (is_same_kind(configuration.triple, own)) return configuration.triple;
  }
  return own;
}

std::string describe_configuration(const Manifest& manifest, std::string_view name) {
  const auto found = std::ranges::find(manifest.configurations, name, &Configuration::name);
  const bool needs_triple = manifest.triples.size() > 1 && found != manifest.configurations.end();
  return needs_triple ? fmt::format("{}, for {}", name, found->triple) : std::string(name);
}

std::string missing_libc(const Manifest& manifest, std::string_view name, const HostView& host) {
  for (const Configuration& configuration : manifest.configurations) {
    if (configuration.name != name || configuration.libc_floor.empty()) continue;
    if (!host.libc_has(configuration.libc_floor, configuration.triple)) return configuration.libc_floor;
  }
  return {};
}

std::vector<Choice> explain_configurations(const Manifest& manifest, const Target& target, std::string_view forced,
                                           const HostView& host, const std::optional<GpuArchitectures>& gpus) {
  std::vector<const Configuration*> ranked;
  ranked.reserve(manifest.configurations.size());
  for (const Configuration& configuration : manifest.configurations) ranked.push_back(&configuration);
  std::sort(ranked.begin(), ranked.end(), [](const Configuration* a, const Configuration* b) {
    return std::pair(-a->rank, a->name) < std::pair(-b->rank, b->name);
  });
  const Devices devices = devices_for(manifest, host, gpus);
  std::vector<Choice> choices;
  bool is_chosen = false;
  for (const Configuration* configuration : ranked) {
    Choice choice{.configuration = configuration->name,
                  .reason = reason_against(*configuration, target, devices, host),
                  .note = note_on(*configuration, devices)};
    if (!forced.empty() && forced != configuration->name) choice.reason = fmt::format("{} was asked for", forced);
    choice.accepted = choice.reason.empty();
    choice.chosen = choice.accepted && !std::exchange(is_chosen, is_chosen || choice.accepted);
    choices.push_back(std::move(choice));
  }
  return choices;
}

Result<std::string> choose_configuration(const Image& image, const Target& target, std::string_view forced,
                                         const HostView& host, const std::optional<GpuArchitectures>& gpus) {
  std::string reasons;
  for (const Choice& choice : explain_configurations(image.manifest(), target, forced, host, gpus)) {
    if (choice.chosen) return choice.configuration;
    if (!forced.empty() && forced != choice.configuration) continue;
    reasons += fmt::format("{}{} {}", reasons.empty() ? "" : "; ", choice.configuration, choice.reason);
  }
  if (reasons.empty()) {
    return fail(Code::unsupported, "{} has no configuration{}{}: xaas-info lists what it has", image.path().string(),
                forced.empty() ? "" : " ", forced);
  }
  return fail(Code::unsupported, "no configuration of {} fits {}: {}", image.path().string(), host.name(), reasons);
}

Result<std::string> baseline_configuration(const Image& image, const TargetOverrides& overrides,
                                           std::string_view forced, const HostView& host,
                                           const std::optional<GpuArchitectures>& gpus) {
  const Manifest& manifest = image.manifest();
  const auto target = host.target(lowering_triple(manifest, host), overrides);
  if (!target && target.error().code != Code::unsupported) return tl::unexpected(target.error());
  auto chosen = target ? choose_configuration(image, *target, forced, host, gpus) : tl::unexpected(target.error());
  return chosen || !forced.empty() ? chosen : manifest.default_configuration;
}

std::vector<LevelChoice> explain_levels(const Manifest& manifest, std::string_view name, const Target& target,
                                        bool mixes) {
  const auto configuration = std::ranges::find(manifest.configurations, name, &Configuration::name);
  if (configuration == manifest.configurations.end()) return {};
  std::vector<LevelChoice> choices;
  const Level* best = nullptr;
  for (const Level& level : configuration->levels) {
    LevelChoice& choice = choices.emplace_back();
    choice.level = level.name;
    choice.reason = level.problem;
    if (choice.reason.empty() && mixes && configuration->shares_data) {
      choice.reason = "some of its files share data, and may be baselines here";
    }
    const auto missing = missing_features(target, level.features);
    if (choice.reason.empty() && !missing.empty()) {
      choice.reason = fmt::format("needs {}, which {} lacks here", join(missing), target.cpu);
    }
    if (choice.reason.empty() && (best == nullptr || level.features.size() > best->features.size())) best = &level;
  }
  for (LevelChoice& choice : choices) {
    choice.chosen = best != nullptr && choice.level == best->name;
    if (!choice.chosen && choice.reason.empty()) choice.reason = fmt::format("{} fits better", best->name);
  }
  return choices;
}

std::string choose_level(const Manifest& manifest, std::string_view configuration, const Target& target, bool mixes) {
  const auto choices = explain_levels(manifest, configuration, target, mixes);
  const auto chosen = std::ranges::find(choices, true, &LevelChoice::chosen);
  return chosen == choices.end() ? std::string() : chosen->level;
}

std::vector<ReadyChoice> explain_ready(const Manifest& manifest, std::string_view name, const Target& target,
                                       std::string_view level, std::string_view policy, const HostView& host) {
  const auto configuration = std::ranges::find(manifest.configurations, name, &Configuration::name);
  if (configuration == manifest.configurations.end() || configuration->ready.empty()) return {};
  const std::string lacking = missing_libc(manifest, name, host);
  const auto reason_against = [&](const ReadyLevel& ready) -> std::string {
    if (!lacking.empty()) return fmt::format("needs {}, which libc lacks here", lacking);
    const auto missing = missing_features(target, ready.features);
    if (!missing.empty()) return fmt::format("needs {}, which {} lacks here", join(missing), target.cpu);
    if (ready.policy != policy) return fmt::format("made with the policy {}, not {}", ready.policy, policy);
    if (!configuration->shares_data || ready.level == level) return {};
    const auto at = [](std::string_view name) { return name.empty() ? "no level" : fmt::format("level {}", name); };
    return fmt::format("made at {}: some files share data, which has another form at {}", at(ready.level), at(level));
  };
  std::vector<ReadyChoice> choices;
  for (const ReadyLevel& ready : configuration->ready) choices.push_back({ready.cpu, reason_against(ready)});
  return choices;
}

bool keeps_to_level(const Manifest& manifest, std::string_view configuration, std::string_view level) {
  const auto found = std::ranges::find(manifest.configurations, configuration, &Configuration::name);
  return !level.empty() && found != manifest.configurations.end() && found->shares_data;
}

std::vector<OtherChoice> explain_other_cpus(const Manifest& manifest, const HostView& host,
                                            const std::optional<GpuArchitectures>& gpus) {
  std::vector<OtherChoice> others;
  const std::string triple = lowering_triple(manifest, host);
  for (const char* cpu : is_same_kind(triple, "aarch64") ? kAArch64Levels : kLevels) {
    const auto target = host.target(triple, {.cpu = cpu, .features = {}});
    if (!target) continue;
    OtherChoice other{cpu, {}, {}};
    for (const Choice& choice : explain_configurations(manifest, *target, {}, host, gpus)) {
      if (choice.chosen) other.configuration = choice.configuration;
    }
    other.level = choose_level(manifest, other.configuration, *target, false);
    others.push_back(std::move(other));
  }
  return others;
}

}  // namespace xaas
