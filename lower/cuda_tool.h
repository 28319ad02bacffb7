// A program of NVIDIA's toolkit on this host that compiles or links code for GPUs. Implements spec/cuda.md, "Tools".
#pragma once

#include <filesystem>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "format/base/digest.h"
#include "format/base/error.h"
#include "lower/worker.h"

namespace xaas {

// The program with the libraries that it needs. What it reads comes from images, so it runs as confined as a worker: it
// sees a scratch directory and nothing else. Thread-safe once made.
class CudaTool {
 public:
  // A file that the program sees in its working directory.
  struct Input {
    std::string name;
    std::string_view content;
  };

  // Code::not_found if the file or one of its libraries is missing. Code::unsupported if it is no dynamically linked
  // program.
  static Result<CudaTool> open(const std::filesystem::path& path);

  const std::filesystem::path& path() const { return path_; }
  const Digest& digest() const { return digest_; }  // of the program

  // Runs the program in a directory that is made in `scratch` and removed, and returns the cubin that it has written as
  // `output`. Code::invalid if it refuses its inputs, with the first line of what it printed. Code::failed if it could
  // not be started, could not write, or wrote no cubin, as on a full disk: then its inputs may be right. Other errors
  // are those of run_confined().
  Result<std::string> run(const std::vector<std::string>& arguments, const std::vector<Input>& inputs,
                          const std::string& output, const std::filesystem::path& scratch,
                          const std::stop_token& stop) const;

 private:
  CudaTool() = default;

  struct File {
    std::string name;
    std::string content;
  };
  std::filesystem::path path_;
  Digest digest_;
  std::vector<File> files_;                      // the program and its libraries
  std::shared_ptr<const WorkerProgram> loader_;  // the dynamic loader that runs it
};

// The tool of a host: a Ptxas or Nvlink for the program at `path`. Null if `path` is empty, or if it cannot be used
// here.
template <typename Tool>
std::shared_ptr<const Tool> usable_tool(const std::filesystem::path& path) {
  return path.empty() ? nullptr : Tool::open(path).value_or(nullptr);
}

}  // namespace xaas
