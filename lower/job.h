// What a worker is told and what it answers, as JSON over its standard input and output. The worker comes from the
// image, the other side from the host, so the form is versioned and normative: spec/lowering.md, section "Job".
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "format/base/digest.h"
#include "format/base/error.h"
#include "format/recipe.h"
#include "lower/policy.h"
#include "lower/target.h"

namespace xaas {

inline constexpr int kJobVersion = 1;

// All file names are relative to the scratch directory, the worker's working directory and all it can see.
struct Job {
  Recipe recipe;
  Target target;
  Policy policy;
  std::string build_id;                          // hex digits of the linked file's own build-id
  unsigned jobs = 1;                             // threads; never changes the bytes
  bool merged = false;                           // the units become one module, where their flags let them
  std::map<Digest, std::string> files;           // for every digest of the recipe that is needed, the name of its file
  std::map<std::string, std::string> libraries;  // for every soname of the recipe, the name of its file
  std::vector<std::string> prepared;             // files of units that are there already as they are prepared
  std::string modules;                           // directory with objects of modules, LLVM's cache, or empty: none
  std::string output;                            // the file to make
};

struct JobResult {
  bool ok = false;
  std::string message;         // when not ok: one line; what failed, with the unit's name where known
  bool out_of_memory = false;  // why it is not ok
  std::vector<std::string> warnings;
  double retarget_seconds = 0;   // wall
  double link_seconds = 0;       // wall: LTO and linking
  std::uint64_t peak_bytes = 0;  // of memory
};

std::string to_json(const Job& job);
Result<Job> parse_job(std::string_view json);
std::string to_json(const JobResult& result);
Result<JobResult> parse_job_result(std::string_view json);

}  // namespace xaas
