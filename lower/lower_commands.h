// The commands of `xaas-lower`. Each prints its own results. The returned status says what went wrong.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "format/base/error.h"
#include "lower/cache_upkeep.h"

namespace xaas {

struct LowerCommandOptions {
  std::filesystem::path image;
  std::vector<std::string> paths;  // in the image; empty: everything that can be lowered
  std::uint64_t offset = 0;        // bytes; where the image begins in its file
  std::string cpu;
  std::string gpu;  // "sm_90,…" or "none"; empty: the host's
  std::string features;
  std::string configuration;
  std::string policy;  // empty: the image's own policy
  std::filesystem::path cache;
  std::filesystem::path output;     // where to write the one lowered file; empty: only the cache gets it. `export`:
                                    // where to write the SquashFS
  std::filesystem::path directory;  // `install`: where to install
  std::string prefix;               // `export`: where it is going to be mounted; empty: the image's own prefix
  std::vector<std::string> slots;   // "blas=PATH": what stands in a slot
  bool strict = false;              // `install`, `export`: an error instead of a baseline
  std::filesystem::path reproduce;  // directory in which the job is saved instead of run; empty: lower
  std::string action;               // for `cache`: "stats", "prune", "verify", "clear"
  CacheLimits limits = default_limits();  // for "prune"
  unsigned jobs = 0;                      // threads; 0: as many as this process may use
  std::uint64_t memory = 0;               // bytes; 0: half of the available memory
  bool json = false;
  std::vector<std::string> points;         // `build`: words of the form "point=value"
  std::filesystem::path mpi;               // `build`: prefix of an MPI
  bool dry_run = false;                    // `build`: only say what would be done
  bool verbose = false;                    // `build`: show the output of the build
  bool system = false;                     // `explain`: show the host itself, and no image
  std::filesystem::path host_description;  // of the host to decide for; empty: this host
  std::filesystem::path host_root = "/";   // below which contents of that host's libraries are
};

// Lowers files, and prints a line for each file when it is done. SIGINT and SIGTERM end the workers.
Status lower_files(const LowerCommandOptions& options);
// Writes the image's files, lowered, to a directory or to a SquashFS. SIGINT and SIGTERM leave what was there.
Status lower_install(const LowerCommandOptions& options);
Status lower_export(const LowerCommandOptions& options);
Status lower_explain(const LowerCommandOptions& options);
// Prints what projects can be built with on this host.
Status lower_explain_system(const LowerCommandOptions& options);
// Prints whether the image's programs will run on a host. Returns whether all will.
Result<bool> lower_check(const LowerCommandOptions& options);
// Writes the description of this host to `output`; to standard output if that is empty.
Status lower_describe_host(const LowerCommandOptions& options);
Status lower_cache(const LowerCommandOptions& options);
// Builds a configuration from the image's source, or with `dry_run` says what would be built.
Status lower_build(const LowerCommandOptions& options);

// The one line of JSON that says what this worker can do: {"llvm":"19.1.7","targets":["X86"]}.
std::string engine_description(const std::string& llvm, const std::vector<std::string>& targets);

}  // namespace xaas
