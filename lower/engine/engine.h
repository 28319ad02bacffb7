// The engine retargets canonical IR and links it with lld's LTO, in process. Only this part of the project links LLVM's
// code generation. It runs in the worker, because LLVM aborts on bad IR. Implements spec/lowering.md, "Engine".
#pragma once

#include <string>

#include "lower/job.h"

namespace xaas {

// Does the job in the working directory. The bytes of the output depend on the job, but not on its `jobs`. Call it once
// per process, because lld keeps global state.
JobResult run_job(const Job& job);

// The main function of the worker: reads a job from descriptor 0 and writes the result to descriptor 1. The exit status
// is 0 if a result was written, whether the result is ok or not.
int worker_main();

// LLVM's version and the names of this engine's targets, for the manifest.
std::string engine_llvm_version();
std::vector<std::string> engine_targets();

}  // namespace xaas
