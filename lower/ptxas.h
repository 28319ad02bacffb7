// NVIDIA's assembler for GPUs, a program of this host, if it has one. Implements spec/cuda.md, "Cubins".
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

// The ptxas that $XAAS_PTXAS names, or else the first of those in PATH, in $CUDA_HOME, in $CUDA_PATH and in
// /usr/local/cuda. Empty if there is none, or if the variable is "none".
std::filesystem::path find_ptxas();

// The words of a unit's options for ptxas, if all of them are known and name no file; else Code::unsupported.
Result<std::vector<std::string>> ptxas_options(std::string_view options);

// The program with the libraries that it needs. PTX comes from images, so ptxas runs as confined as a worker: it sees a
// scratch directory and nothing else. Thread-safe once made.
class Ptxas {
 public:
  // The one of find_ptxas(), which is read once in a process. Null if there is none, or if it cannot be used here.
  static std::shared_ptr<const Ptxas> of_host();
  // Code::not_found if the file or one of its libraries is missing. Code::unsupported if it is no dynamically linked
  // program.
  static Result<std::shared_ptr<const Ptxas>> open(const std::filesystem::path& path);

  const std::filesystem::path& path() const { return path_; }
  const Digest& digest() const { return digest_; }  // of the program

  // Makes the cubin for sm_<architecture> in a directory that is made in `scratch` and removed. Code::invalid if ptxas
  // refuses the text, with its first line. Other errors are those of run_confined().
  Result<std::string> compile(std::string_view ptx, unsigned architecture, const std::vector<std::string>& options,
                              const std::filesystem::path& scratch, const std::stop_token& stop) const;

 private:
  Ptxas() = default;

  struct File {
    std::string name;
    std::string content;
  };
  std::filesystem::path path_;
  Digest digest_;
  std::vector<File> files_;                      // the program and its libraries
  std::shared_ptr<const WorkerProgram> loader_;  // the dynamic loader that runs it
};

}  // namespace xaas
