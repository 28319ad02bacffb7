// Starts a worker from an image and has it do one job, confined: no network, no new privileges, no descriptor but its
// own, nothing of the file system but its scratch directory, a seccomp filter. Implements spec/lowering.md, section
// "Worker".
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <stop_token>
#include <string_view>

#include "format/base/error.h"
#include "format/base/file.h"
#include "lower/job.h"
#include "lower/sandbox.h"

namespace xaas {

// An executable held in a sealed memory file, so that a noexec file system does not matter. Thread-safe once made.
class WorkerProgram {
 public:
  // A copy of `elf`, which is not looked at: what is no program is found out when it is started.
  static Result<std::shared_ptr<const WorkerProgram>> from_bytes(std::string_view elf);
  int fd() const { return fd_.get(); }  // stays the program's own

 private:
  explicit WorkerProgram(Fd fd) : fd_(std::move(fd)) {}
  Fd fd_;
};

struct WorkerLimits {
  std::chrono::milliseconds time{std::chrono::hours(1)};  // a worker that runs longer is killed: Code::failed
  std::uint64_t memory = 0;  // bytes that it may allocate: Code::exhausted when it needs more; 0: any
  std::stop_token stop{};    // the worker is killed: Code::interrupted
  Confinement confinement = Confinement::best;
};

// Runs `job` with `scratch` as the worker's whole world; job.output is then a file in it. Code::failed when the worker
// crashes (naming the signal), hangs, answers something else than a result or is no program; Code::exhausted when it
// needs more memory than it may have, or the kernel kills it for that; Code::unsupported when
// this kernel offers no way to confine it to the scratch directory. A result that is not ok is returned as a value; its
// texts are lines without control characters. The worker dies with the calling thread. Thread-safe.
Result<JobResult> run_worker(const WorkerProgram& program, const Job& job, const std::filesystem::path& scratch,
                             const WorkerLimits& limits);

}  // namespace xaas
