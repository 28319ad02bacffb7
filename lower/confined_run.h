// Runs a program of this host on data from an image, as confined as a worker. Implements spec/lowering.md, section
// "Worker".
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "format/base/error.h"
#include "lower/worker.h"

namespace xaas {

struct ConfinedResult {
  int code = 0;          // its exit status
  std::string messages;  // the beginning of what it printed
  bool ok() const { return code == 0; }
};

// Runs the program, which must be statically linked, with these arguments; the first one is its name. It sees
// `scratch`, which is its working directory, and nothing else of the file system. Errors: Code::failed if it crashes or
// runs for too long. Code::interrupted if limits.stop asks for it. Code::unsupported if this kernel cannot confine it.
// Thread-safe.
Result<ConfinedResult> run_confined(const WorkerProgram& program, const std::vector<std::string>& arguments,
                                    const std::filesystem::path& scratch, const WorkerLimits& limits);

}  // namespace xaas
