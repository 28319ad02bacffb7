// The manifest of an image, /.xaas/manifest.json. Implements spec/image-format.md, section "Manifest".
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "format/digest.h"
#include "format/error.h"

namespace xaas {

inline constexpr std::uint32_t kFormatVersion = 1;

// Feature flags: names a reader must know. This build knows none yet.
struct FeatureFlags {
  std::vector<std::string> incompat;        // an unknown one: the image is refused
  std::vector<std::string> lower_incompat;  // an unknown one: only the baseline is served
  std::vector<std::string> compat;          // an unknown one is ignored
};

struct Requirements {
  std::vector<std::string> features;   // target features, "+avx2"
  std::vector<std::string> libraries;  // sonames
  std::vector<std::string> devices;
};

struct Configuration {
  std::string name;
  std::string triple;
  std::int64_t rank = 0;   // the highest that the host satisfies wins
  Requirements requires_;  // "requires" in JSON
  std::map<std::string, std::string> points;
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
  std::string prefix;  // absolute path the programs were built for
  std::vector<std::string> triples;
  std::string default_configuration;
  std::vector<Configuration> configurations;
  std::vector<Toolchain> toolchains;
  std::string libc_floor;                   // "GLIBC_2.34"; empty when nothing links libc
  std::vector<std::string> host_libraries;  // sonames the host must have
};

std::string to_json(const Manifest& manifest);  // same manifest, same bytes; ends with a newline
// Unknown keys are ignored (that is what feature flags are for); wrong types and missing keys are Code::invalid
// with the key's name; a format version above kFormatVersion is Code::unsupported.
Result<Manifest> parse_manifest(std::string_view json);

// Whether this build may read the image (Code::unsupported, naming the flag) and may lower it.
Status check_readable(const Manifest& manifest);
Status check_lowerable(const Manifest& manifest);

}  // namespace xaas
