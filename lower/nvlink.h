// NVIDIA's linker for GPUs, a program of this host, if it has one. Implements spec/cuda.md, "Relocatable code".
#pragma once

#include <filesystem>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "format/base/error.h"
#include "format/recipe.h"
#include "lower/cuda_tool.h"

namespace xaas {

// The nvlink beside the ptxas of find_ptxas(), so that both are of one toolkit. Empty if there is none.
std::filesystem::path find_nvlink();

// The object from which nvlink takes the code of a unit: what it reads of the host object that nvcc makes, and nothing
// else. It is for no host in particular.
std::string nvlink_object(std::string_view fatbin, const std::vector<HostReferences>& references);

// The library of CUDA for kernels that start kernels. nvlink knows it by the name of its file, and drops its code where
// nothing uses it.
inline constexpr std::string_view kDeviceRuntime = "libcudadevrt.a";

// An object or an archive of objects.
struct NvlinkInput {
  std::string content;
  bool is_device_runtime = false;  // whether it is kDeviceRuntime
};

// Thread-safe once made.
class Nvlink {
 public:
  // The one of find_nvlink(), which is read once in a process. Null if there is none, or if it cannot be used here.
  static std::shared_ptr<const Nvlink> of_host();
  // Errors are those of CudaTool::open().
  static Result<std::shared_ptr<const Nvlink>> open(const std::filesystem::path& path);

  const Digest& digest() const { return tool_.digest(); }

  // Links `inputs` in this order. `options` are more words of the command.
  // Code::invalid if nvlink refuses or doubts it, with its first line. Other errors are those of CudaTool::run().
  Result<std::string> link(const std::vector<NvlinkInput>& inputs, unsigned architecture,
                           const std::vector<std::string>& options, const std::filesystem::path& scratch,
                           const std::stop_token& stop) const;

 private:
  explicit Nvlink(CudaTool tool) : tool_(std::move(tool)) {}

  CudaTool tool_;
};

}  // namespace xaas
