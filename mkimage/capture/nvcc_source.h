// The host code that nvcc makes of a CUDA source and gives to the host compiler. Implements spec/cuda.md, "Host code".
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "format/base/error.h"
#include "format/base/file.h"
#include "mkimage/record/capture_environment.h"

namespace xaas {

// nvcc calls its files tmpxft_<process>_<number>-<number>_a.compute_80.cudafe1.cpp. Symbols and debug information have
// such names, so no two builds would be the same. This is a copy of the host code, and of the files that it includes,
// in which they are called a.cudafe1.cpp and so on. The destructor removes the copy. Move-only.
class NvccSource {
 public:
  // Replaces the source among the arguments of a compile by the copy, or what the source of a link unit includes.
  // Nullopt, and nothing is changed, if the command compiles no host code of nvcc.
  static Result<std::optional<NvccSource>> take(const CaptureEnvironment& environment,
                                                std::vector<std::string>& arguments);

  // How records call the source: "a.cudafe1.cpp". Empty if they call it what the command does.
  const std::string& name() const { return name_; }

 private:
  static Result<std::optional<NvccSource>> take_link(const CaptureEnvironment& environment,
                                                     std::vector<std::string>& arguments);
  NvccSource(TempDirectory directory, std::string name) : directory_(std::move(directory)), name_(std::move(name)) {}

  TempDirectory directory_;
  std::string name_;
};

// `text` with the names that nvcc gives to its files replaced, where `source` is the name of its host code.
std::string without_nvcc_names(std::string text, const std::filesystem::path& source);

}  // namespace xaas
