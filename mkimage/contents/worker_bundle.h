// The worker that goes into an image: the static xaas-lower that came with this mkxaas, so that bitcode and LLVM agree
// for ever.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "format/base/digest.h"
#include "format/base/error.h"

namespace xaas {

struct WorkerBundle {
  std::filesystem::path file;  // stripped
  Digest digest;
  std::string llvm;                  // "19.1.7"
  std::vector<std::string> targets;  // LLVM target names
};

// Takes the program that XAAS_WORKER names, else the xaas-lower beside this executable; a copy without symbols is made
// in `directory`. Code::unsupported when it is dynamically linked.
Result<WorkerBundle> bundle_worker(const std::filesystem::path& directory);

}  // namespace xaas
