// The engine: retargets canonical IR and links it with lld's LTO, in process. The only part of the project that
// links LLVM's code generation; it runs in the worker, because LLVM aborts on bad IR. Implements spec/lowering.md,
// "Engine".
#pragma once

#include <string>

#include "lower/job.h"

namespace xaas {

// Does the job in the working directory. Same job, same bytes, whatever `jobs`. Call once per process: lld keeps global
// state.
JobResult run_job(const Job& job);

// The worker's main: reads a job from descriptor 0, writes the result to descriptor 1. Exit status: 0 when a result was
// written, whether ok or not.
int worker_main();

// What this engine can do, for the manifest: LLVM's version and target names.
std::string engine_llvm_version();
std::vector<std::string> engine_targets();

}  // namespace xaas
