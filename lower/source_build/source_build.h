// Builds a configuration of an image from the image's source on this host, and keeps it as an add-on. Implements
// spec/lowering.md, section "Building on the host".
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "format/base/error.h"
#include "format/image.h"
#include "lower/add_on.h"
#include "lower/explanation.h"
#include "lower/source_build/host_offer.h"

namespace xaas {

struct SourceBuildOptions {
  std::map<std::string, std::string> points;  // values that the configuration must have
  std::filesystem::path mpi;                  // prefix of the MPI to use; empty: the one of PATH
  std::filesystem::path cache;                // empty: the user's cache
  unsigned jobs = 0;                          // 0: usable_cores()
  std::uint64_t memory = 0;                   // bytes; 0: half of what is available
  bool verbose = false;                       // the output of the build goes to ours
};

// Reads words of the form "point=value".
Result<std::map<std::string, std::string>> parse_point_values(const std::vector<std::string>& words);

// A build that is decided upon.
struct PlannedBuild {
  SourceConfiguration configuration;
  HostOffer offer;
  Digest key;                 // of everything that decides the result, so far as it is known beforehand
  std::optional<AddOn> made;  // it is in the cache
};

// Chooses among the configurations that a host builds: of those with the values in `options`, the one with the highest
// rank for which this host has everything. Code::unsupported, with what is missing, if there is none. Code::not_found
// if the image has no source.
Result<PlannedBuild> plan_source_build(const Image& image, const SourceBuildOptions& options);
// For people: what would be built, with what.
std::string to_text(const Image& image, const PlannedBuild& plan);

// Builds, confined, what is not in the cache yet, and keeps it there. An error leaves nothing behind. Code::invalid if
// the source in the image is damaged; Code::failed if the build fails, or if its result is not linked with the
// libraries that it should be. REQUIRES: watch_interrupts() was called.
Result<AddOn> build_from_source(const Image& image, const PlannedBuild& plan, const SourceBuildOptions& options);

// What `explain` says of the configurations that a host builds. Empty if the image has no source.
std::vector<HostBuildChoice> explain_builds(const Image& image);

}  // namespace xaas
