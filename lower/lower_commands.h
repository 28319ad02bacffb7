// The commands of `xaas-lower`: each prints its own results and returns what went wrong.
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
  std::vector<std::string> paths;  // in the image; none: everything that can be lowered
  std::uint64_t offset = 0;        // where the image begins in its file
  std::string cpu;
  std::string features;
  std::string configuration;
  std::string policy;  // empty: the one that the image says
  std::filesystem::path cache;
  std::filesystem::path output;           // where to write the one lowered file; empty: nowhere but the cache
  std::filesystem::path reproduce;        // where to save what lowering the one file takes; empty: lower
  std::string action;                     // of `cache`: "stats", "prune", "verify", "clear"
  CacheLimits limits = default_limits();  // for "prune"
  unsigned jobs = 0;                      // 0: what this process may use
  std::uint64_t memory = 0;               // bytes; 0: half of what is available
  bool json = false;
};

// Lowers and prints a line per file as each is done. SIGINT and SIGTERM end the workers.
Status lower_files(const LowerCommandOptions& options);
Status lower_explain(const LowerCommandOptions& options);
Status lower_cache(const LowerCommandOptions& options);

// The one line of JSON that says what this worker can do: {"llvm":"19.1.7","targets":["X86"]}.
std::string engine_description(const std::string& llvm, const std::vector<std::string>& targets);

}  // namespace xaas
