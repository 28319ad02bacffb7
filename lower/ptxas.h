// NVIDIA's assembler for GPUs, a program of this host, if it has one. Implements spec/cuda.md, "Cubins".
#pragma once

#include <filesystem>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "format/base/error.h"
#include "lower/cuda_tool.h"

namespace xaas {

// The ptxas that $XAAS_PTXAS names, or else the first of those in PATH, in $CUDA_HOME, in $CUDA_PATH and in
// /usr/local/cuda. Empty if there is none, or if the variable is "none".
std::filesystem::path find_ptxas();

// The words of a unit's options for ptxas, if all of them are known and name no file; else Code::unsupported. Warnings
// are not made errors.
Result<std::vector<std::string>> ptxas_options(std::string_view options);

// Thread-safe once made.
class Ptxas {
 public:
  // The one of find_ptxas(), which is read once in a process. Null if there is none, or if it cannot be used here.
  static std::shared_ptr<const Ptxas> of_host();
  // Errors are those of CudaTool::open().
  static Result<std::shared_ptr<const Ptxas>> open(const std::filesystem::path& path);

  const Digest& digest() const { return tool_.digest(); }

  // Makes the cubin for sm_<architecture>. Code::invalid if ptxas refuses the text, with its first line. Other errors
  // are those of CudaTool::run().
  Result<std::string> compile(std::string_view ptx, unsigned architecture, const std::vector<std::string>& options,
                              const std::filesystem::path& scratch, const std::stop_token& stop) const;

 private:
  explicit Ptxas(CudaTool tool) : tool_(std::move(tool)) {}

  CudaTool tool_;
};

}  // namespace xaas
