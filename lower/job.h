// What a worker is told and what it answers, as JSON over its standard input and output. The worker comes from the
// image and its parent from the host, so the form has a version and is normative: spec/lowering.md, section "Job".
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

// The environment variable that names the descriptor to which the worker writes a byte for each module that is done.
inline constexpr const char* kProgressVariable = "XAAS_PROGRESS_FD";

// A program for a device of OpenMP that is made for this link.
struct JobImage {
  std::string triple;        // as in DeviceImage
  std::string architecture;  // of the device that is found
  std::string file;
};

// All file names are relative to the scratch directory. It is the worker's working directory, and the worker sees
// nothing else of the file system.
struct Job {
  Recipe recipe;
  Target target;
  Policy policy;
  std::string build_id;                 // hex digits; the build-id of the linked file
  unsigned jobs = 1;                    // threads; never changes the bytes
  bool merged = false;                  // whether the units become one module, where their module flags agree
  std::map<Digest, std::string> files;  // digest in the recipe -> name of its file; only the digests that are needed
  std::map<std::string, std::string> libraries;  // soname in the recipe -> name of its file
  std::map<std::string, std::string> fatbins{};  // file of a unit with code for GPUs -> name of its fat binary
  std::vector<JobImage> images{};                // take the place of those in the recipe's object with images
  std::vector<std::string> prepared;             // files of units that are already there in prepared form
  std::string modules;  // directory that LLVM uses as its cache of objects of modules; empty: no cache
  std::string output;   // name of the file to make
};

struct JobResult {
  bool ok = false;
  std::string message;         // if not ok: one line that says what failed, with the unit's name if known
  bool out_of_memory = false;  // whether the job failed for want of memory
  std::vector<std::string> warnings;
  double retarget_seconds = 0;   // wall
  double link_seconds = 0;       // wall; LTO and linking
  std::uint64_t peak_bytes = 0;  // the most memory that the worker had
};

// The name of the file with an input of the recipe, which is called `name` there. Code::invalid if the job has none.
Result<std::string> file_of(const Job& job, const Digest& digest, std::string_view name);

std::string to_json(const Job& job);
Result<Job> parse_job(std::string_view json);
std::string to_json(const JobResult& result);
Result<JobResult> parse_job_result(std::string_view json);

}  // namespace xaas
