// Which configuration and which toolchain of an image this host uses. Implements spec/lowering.md, section "Choosing a
// configuration".
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "format/manifest.h"
#include "lower/target.h"

namespace xaas {

// The toolchain of the image that runs on this host; null when there is none. Points into `manifest`.
const Toolchain* find_toolchain(const Manifest& manifest);

// The directory of that toolchain, as a path in the image; empty without one.
std::string toolchain_directory(const Manifest& manifest);

// The triple of the image's configurations for this kind of host.
std::string lowering_triple(const Manifest& manifest);

// The version of libc that the baseline needs and this host's libc lacks, "GLIBC_2.34"; empty when it runs here.
std::string missing_libc(const Manifest& manifest);

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

}  // namespace xaas
