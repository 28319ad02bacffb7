// The worker that goes into an image. It is the static xaas-lower that came with this mkxaas, so that its LLVM always
// reads the image's bitcode.
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

// Takes the program that XAAS_WORKER names, else the xaas-lower beside this executable. Makes a copy without symbols in
// `directory`. Code::unsupported if the program is dynamically linked.
Result<WorkerBundle> bundle_worker(const std::filesystem::path& directory);

}  // namespace xaas
