// Which configuration and which toolchain of an image this host uses. Implements spec/lowering.md, section "Choosing a
// configuration".
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "format/image.h"
#include "format/manifest.h"
#include "lower/target.h"

namespace xaas {

// The toolchain of the image that runs on this host; null when there is none. Points into `manifest`.
const Toolchain* find_toolchain(const Manifest& manifest);

// The directory of that toolchain, as a path in the image; empty without one.
std::string toolchain_directory(const Manifest& manifest);

// The triple of the image's configurations for this kind of host.
std::string lowering_triple(const Manifest& manifest);

// The version of libc that a configuration's baseline needs and this host's libc lacks, "GLIBC_2.34"; empty when it
// runs here.
std::string missing_libc(const Manifest& manifest, std::string_view configuration);

// One configuration as `explain` shows it.
struct Choice {
  std::string configuration;
  bool accepted = false;
  bool chosen = false;
  std::string reason;  // why it was refused; empty when accepted
};

// Every configuration of the image against the target, in order of rank, the chosen one marked. `forced`: the only one
// to be considered, or empty.
std::vector<Choice> explain_configurations(const Manifest& manifest, const Target& target, std::string_view forced);

// The name of the chosen one. Code::unsupported, with the reasons, when there is none.
Result<std::string> choose_configuration(const Image& image, const Target& target, std::string_view forced);

// What would be chosen with other CPUs: for each named one the configuration, or empty for none. In order.
struct OtherChoice {
  std::string cpu;
  std::string configuration;
};
std::vector<OtherChoice> explain_other_cpus(const Manifest& manifest);

}  // namespace xaas
