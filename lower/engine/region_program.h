// Links the code of target regions for a GPU, as clang links it: all modules become one, which is optimised as a whole.
// Implements spec/cuda.md, "OpenMP".
#pragma once

#include "format/base/error.h"
#include "lower/job.h"
#include "lower/link_units.h"

namespace xaas {

// Whether the job's output is code for a GPU.
bool is_for_gpu(const Job& job);

// The job's output, which is PTX. A GPU that this LLVM does not know gets code for the newest one that it knows and
// that is not newer.
Result<std::string> make_region_program(const Job& job, const std::vector<LinkUnit>& units);

}  // namespace xaas
