// The link of a job: lld's command line, lld in process, and lld's diagnostics in terms of the recipe's names.
// Implements spec/lowering.md, "Engine".
#pragma once

#include <string>
#include <vector>

#include "format/base/error.h"
#include "lower/job.h"
#include "lower/link_units.h"

namespace xaas {

// lld's arguments, its own name first. `units` is link_units(job.recipe). Code::invalid when the job names no file for
// an input.
Result<std::vector<std::string>> link_command(const Job& job, const std::vector<LinkUnit>& units);

struct LinkReport {
  Status status;  // Code::failed with lld's first error
  std::vector<std::string> warnings;
};

// Runs lld. Once per process.
LinkReport run_linker(const std::vector<std::string>& command, const Job& job, const std::vector<LinkUnit>& units);

}  // namespace xaas
