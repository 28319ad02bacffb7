// The manifest of an image, /.xaas/manifest.json. Implements spec/image-format.md, section "Manifest".
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "format/base/digest.h"
#include "format/base/error.h"
#include "format/source_record.h"

namespace xaas {

inline constexpr std::uint32_t kFormatVersion = 1;

// Feature flags: names that a reader must know. This build knows one, kMovablePrefix of `incompat`.
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
  std::vector<std::string> unknown{};  // keys that this build does not know, sorted; no host satisfies them
};

// Names of the policies of lowering (spec/lowering.md, "Policy"), sorted.
inline constexpr std::string_view kDefaultPolicy = "default";
inline constexpr std::string_view kPolicies[] = {kDefaultPolicy, "fast", "max"};

// A CPU level of a configuration: units that ask for the CPU while they are compiled have variants for it.
struct Level {
  std::string name;                   // of a CPU, as -march= takes it: "x86-64-v3"
  std::vector<std::string> features;  // those that its variants require beyond the configuration's, sorted: "+avx2"
  std::string problem{};              // why it cannot be used; empty if it can
  bool operator==(const Level&) const = default;
};

// Files of a configuration that were lowered while the image was made, for every host that has these features. They are
// below ready_root().
struct ReadyLevel {
  std::string cpu;                    // for which they were lowered: "x86-64-v3"
  std::vector<std::string> features;  // all that the CPU has, sorted: "+avx2"
  std::string level;                  // whose variants they are made of; empty: none
  std::string policy;                 // with which they were lowered
  bool operator==(const ReadyLevel&) const = default;
};

// Bundled libraries of a configuration in whose place a host's own can be used, if they have the symbols. They are in
// slot_directory().
struct Slot {
  std::string name;                    // of an interface: "blas"
  std::vector<std::string> libraries;  // sonames of those that files outside the slot need, sorted
  std::vector<std::string> symbols;    // what these files need of them, sorted: "dgemm_", or "name@VERSION"
  bool operator==(const Slot&) const = default;
};

struct Configuration {
  std::string name;
  std::string triple;
  std::int64_t rank = 0;   // 32 bits; a mount shows the highest rank that the host satisfies, then the first name
  Requirements requires_;  // "requires" in JSON
  std::map<std::string, std::string> points;
  std::string libc{};                         // newest version that the build machine's libc has; empty: not known
  std::string libc_floor{};                   // "GLIBC_2.34"; empty when no file links libc
  std::vector<std::string> host_libraries{};  // sonames that the host must have
  std::vector<Level> levels{};                // no name twice
  bool shares_data = false;                   // whether files with variants use symbols of each other
  std::vector<ReadyLevel> ready{};            // no CPU twice; a later one is better where a host has both
  std::vector<Slot> slots{};                  // no name twice
};

struct Toolchain {
  std::string host;                  // target triple on which the worker runs
  std::string worker;                // path in the image, ".xaas/toolchain/<triple>/xaas-lower"
  Digest digest;                     // of the worker
  std::string llvm;                  // "19.1.7"
  std::vector<std::string> targets;  // LLVM's names of the targets that it generates code for
};

// A library of the compiler's runtime that the image brings. A mount compares it with the host's without reading it.
struct RuntimeLibrary {
  std::string triple;                         // of the hosts for which it is
  std::string soname;                         // "libstdc++.so.6"
  std::vector<std::string> libc_versions;     // that it needs of the host's libc: "GLIBC_2.18"
  std::vector<std::string> defined_versions;  // in the library's order: "GLIBCXX_3.4.30"
  bool operator==(const RuntimeLibrary&) const = default;
};

struct Manifest {
  std::uint32_t format = kFormatVersion;
  FeatureFlags features;
  std::string name;
  std::string version;
  std::string prefix;  // absolute path for which the programs were built; normal, not "/"
  std::vector<std::string> triples;
  std::string default_configuration;
  std::vector<Configuration> configurations;
  std::vector<Toolchain> toolchains;
  std::vector<RuntimeLibrary> runtime_libraries{};
  std::string policy{kDefaultPolicy};    // the policy for lowering, unless the user asks for another
  std::string main{};                    // path of the program that an executable image runs; empty: not said
  std::optional<SourceRecord> source{};  // of the source below kWholeSource; nullopt: the image does not have it
};

// The same manifest gives the same bytes, with a newline at the end. Leaves out Requirements::unknown, because the
// values of these keys are not known.
std::string to_json(const Manifest& manifest);
// Reads a manifest. Ignores unknown keys, because feature flags say what a reader must know. Code::invalid names a key
// that is missing or has a wrong type. Code::unsupported for a format version above kFormatVersion; also for an unknown
// `incompat` feature, if the rest cannot be read. With an unknown `lower_incompat` feature, `configurations` and
// `toolchains` are empty if they cannot be read.
Result<Manifest> parse_manifest(std::string_view json);

// Whether this build may read the image. Code::unsupported names the unknown feature.
Status check_readable(const Manifest& manifest);
// Whether the prefix is a placeholder for the directory at which the image is mounted.
bool is_movable(const Manifest& manifest);
// Where the image is used if nobody says where: its prefix, or "/opt/NAME" if that is a placeholder.
std::string own_prefix(const Manifest& manifest);
// "zstd 1.5.4", or only the name when there is no version.
std::string full_name(const Manifest& manifest);
// Whether this build may read and lower the image. Code::unsupported names the unknown feature.
Status check_lowerable(const Manifest& manifest);

}  // namespace xaas
