// The manifest of an image, /.xaas/manifest.json. Implements spec/image-format.md, section "Manifest".
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "format/base/digest.h"
#include "format/base/error.h"

namespace xaas {

inline constexpr std::uint32_t kFormatVersion = 1;

// Feature flags: names a reader must know. This build knows none yet.
struct FeatureFlags {
  std::vector<std::string> incompat;        // an unknown one: the image is refused
  std::vector<std::string> lower_incompat;  // an unknown one: only the baseline is served
  std::vector<std::string> compat;          // an unknown one is ignored
};

// The devices that a configuration may require, sorted.
inline constexpr auto kDevices = std::to_array<std::string_view>({"amd-gpu", "infiniband", "intel-gpu", "nvidia-gpu"});

struct Requirements {
  std::vector<std::string> features;   // target features, "+avx2"
  std::vector<std::string> libraries;  // sonames
  std::vector<std::string> devices;
  std::vector<std::string> unknown{};  // keys that this build does not know, sorted: nobody satisfies them
};

// Names of policies of lowering (spec/lowering.md), sorted.
inline constexpr std::string_view kDefaultPolicy = "default";
inline constexpr std::string_view kPolicies[] = {kDefaultPolicy, "fast", "max"};

struct Configuration {
  std::string name;
  std::string triple;
  std::int64_t rank = 0;   // of 32 bits; the highest that the host satisfies wins, of equal ones the first by name
  Requirements requires_;  // "requires" in JSON
  std::map<std::string, std::string> points;
  std::string libc_floor{};                   // "GLIBC_2.34"; empty when nothing links libc
  std::vector<std::string> host_libraries{};  // sonames the host must have
};

struct Toolchain {
  std::string host;                  // target triple that the worker runs on
  std::string worker;                // path in the image, ".xaas/toolchain/<triple>/xaas-lower"
  Digest digest;                     // of the worker
  std::string llvm;                  // "19.1.7"
  std::vector<std::string> targets;  // LLVM target names it generates code for
};

struct Manifest {
  std::uint32_t format = kFormatVersion;
  FeatureFlags features;
  std::string name;
  std::string version;
  std::string prefix;  // absolute path the programs were built for, normal, not "/"
  std::vector<std::string> triples;
  std::string default_configuration;
  std::vector<Configuration> configurations;
  std::vector<Toolchain> toolchains;
  std::string policy{kDefaultPolicy};  // by which this program is best lowered, where nobody asks for another
};

// Same manifest, same bytes; ends with a newline. Requirements::unknown is left out, since nobody knows its values.
std::string to_json(const Manifest& manifest);
// Unknown keys are ignored (that is what feature flags are for); wrong types and missing keys are Code::invalid
// with the key's name; a format version above kFormatVersion is Code::unsupported. With an unknown `lower_incompat`
// feature `configurations` and `toolchains` are empty where they cannot be read.
Result<Manifest> parse_manifest(std::string_view json);

// Whether this build may read the image (Code::unsupported, naming the flag) and may lower it.
Status check_readable(const Manifest& manifest);
// Whether the prefix is a placeholder for wherever the image is mounted.
bool is_movable(const Manifest& manifest);
// "zstd 1.5.4"; the name alone where there is no version.
std::string full_name(const Manifest& manifest);
Status check_lowerable(const Manifest& manifest);

}  // namespace xaas
