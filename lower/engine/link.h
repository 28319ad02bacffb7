// The link of a job: builds lld's command line, runs lld in process, and translates lld's diagnostics to the recipe's
// names. Implements spec/lowering.md, "Engine".
#pragma once

#include <string>
#include <vector>

#include "format/base/error.h"
#include "lower/job.h"
#include "lower/link_units.h"

namespace xaas {

// lld's arguments, its own name first. Code::invalid if the job names no file for an input. REQUIRES: `units` is
// link_units(job.recipe).
Result<std::vector<std::string>> link_command(const Job& job, const std::vector<LinkUnit>& units);

struct LinkReport {
  Status status;  // Code::failed with lld's first error
  std::vector<std::string> warnings;
};

// Runs lld. Call it once per process. REQUIRES: `units` is link_units(job.recipe).
LinkReport run_linker(const std::vector<std::string>& command, const Job& job, const std::vector<LinkUnit>& units);

}  // namespace xaas
