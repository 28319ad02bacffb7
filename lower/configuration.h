// Which configuration and which toolchain of an image this host uses. Implements spec/lowering.md, section "Choosing a
// configuration".
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "format/image.h"
#include "format/manifest.h"
#include "lower/device_code.h"
#include "lower/host_view.h"
#include "lower/target.h"

namespace xaas {

// In all of these, `host` is the host for which it is decided, and `gpus` are its NVIDIA GPUs as the user names them;
// nullopt: those that are found.

// The toolchain of the image that runs on the host, or null. Points into `manifest`.
const Toolchain* find_toolchain(const Manifest& manifest, const HostView& host = *this_host());

// The directory of that toolchain, as a path in the image; empty if find_toolchain() returns null.
std::string toolchain_directory(const Manifest& manifest, const HostView& host = *this_host());

// The triple of the image's first configuration for the host's architecture, or else the host's own.
std::string lowering_triple(const Manifest& manifest, const HostView& host = *this_host());

// The name of a configuration, for people. In an image for several triples, its triple follows.
std::string describe_configuration(const Manifest& manifest, std::string_view name);

// The libc floor of a configuration ("GLIBC_2.34"), if the host's libc lacks it; else empty, and the baseline runs
// there.
std::string missing_libc(const Manifest& manifest, std::string_view configuration, const HostView& host = *this_host());

// One configuration as `explain` shows it.
struct Choice {
  std::string configuration;
  bool accepted = false;
  bool chosen = false;
  std::string reason;  // why it was refused; empty if accepted
  std::string note;    // what was taken for granted; mostly empty
};

// Checks every configuration of the image against the target. The result is in order of rank, and the chosen
// configuration is marked. If `forced` is not empty, only the configuration of that name is considered. The driver of
// named GPUs is taken to be new enough if the host has none whose version is known.
std::vector<Choice> explain_configurations(const Manifest& manifest, const Target& target, std::string_view forced,
                                           const HostView& host = *this_host(),
                                           const std::optional<GpuArchitectures>& gpus = std::nullopt);

// The name of the chosen configuration. Code::unsupported, with the reasons, if no configuration fits.
Result<std::string> choose_configuration(const Image& image, const Target& target, std::string_view forced,
                                         const HostView& host = *this_host(),
                                         const std::optional<GpuArchitectures>& gpus = std::nullopt);

// The configuration that is shown if nothing can be lowered: the best one that the target fits, or else the default
// one. If `forced` is not empty, it is that one, and an error if it does not fit.
Result<std::string> baseline_configuration(const Image& image, const TargetOverrides& target, std::string_view forced,
                                           const HostView& host = *this_host(),
                                           const std::optional<GpuArchitectures>& gpus = std::nullopt);

// One level of a configuration as `explain` shows it.
struct LevelChoice {
  std::string level;
  bool chosen = false;
  std::string reason;  // why it is not used; empty if it is
};

// Checks every level of the configuration against the target. A target can run several: the one whose variants require
// most is chosen, of equals the first. None is chosen if `mixes` is true and the configuration's files share data;
// `mixes` says that baselines may run together with lowered files. Empty if there is no such configuration.
std::vector<LevelChoice> explain_levels(const Manifest& manifest, std::string_view configuration, const Target& target,
                                        bool mixes);

// The name of the chosen level; empty if none is.
std::string choose_level(const Manifest& manifest, std::string_view configuration, const Target& target, bool mixes);

// The ready files for one CPU as `explain` shows them.
struct ReadyChoice {
  std::string cpu;
  std::string reason;  // why they are not used; empty if they may be
};

// Checks every ReadyLevel of the configuration against the target and libc, in the order of the manifest. `level` and
// `policy` are those of the files that are lowered here, beside which a program may load ready files.
std::vector<ReadyChoice> explain_ready(const Manifest& manifest, std::string_view configuration, const Target& target,
                                       std::string_view level, std::string_view policy,
                                       const HostView& host = *this_host());

// Whether a baseline must not stand in for a lowered file of the configuration at this level: it would not share the
// data of the others.
bool keeps_to_level(const Manifest& manifest, std::string_view configuration, std::string_view level);

// The configuration that would be chosen with another CPU.
struct OtherChoice {
  std::string cpu;
  std::string configuration;
  std::string level;  // empty: none
};
std::vector<OtherChoice> explain_other_cpus(const Manifest& manifest, const HostView& host = *this_host(),
                                            const std::optional<GpuArchitectures>& gpus = std::nullopt);

}  // namespace xaas
