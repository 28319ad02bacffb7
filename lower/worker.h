// Starts a worker from an image and has it do one confined job. The worker has no network, no new privileges, no
// descriptors but its own, a seccomp filter, and of the file system only its scratch directory. Implements
// spec/lowering.md, section "Worker".
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
#include "lower/module_count.h"
#include "lower/sandbox.h"

namespace xaas {

// An executable in a sealed memory file, so that it runs even if the file system is mounted noexec. Thread-safe once
// made.
class WorkerProgram {
 public:
  // Copies `elf` without looking at it. Bytes that are not a program make the start of the worker fail.
  static Result<std::shared_ptr<const WorkerProgram>> from_bytes(std::string_view elf);
  int fd() const { return fd_.get(); }  // owned by the program

 private:
  explicit WorkerProgram(Fd fd) : fd_(std::move(fd)) {}
  Fd fd_;
};

struct WorkerLimits {
  std::chrono::milliseconds time{std::chrono::hours(1)};  // a worker that runs longer is killed: Code::failed
  std::uint64_t memory = 0;  // bytes that the worker may allocate: Code::exhausted if it needs more; 0: no limit
  std::stop_token stop{};    // the worker is killed on request: Code::interrupted
  Confinement confinement = Confinement::best;
};

// Runs `job` in `scratch`, which is all that the worker sees of the file system; job.output is then a file in it. A
// result that is not ok is returned as a value, unless it says that memory ran out. Texts of the result are lines
// without control characters. The worker dies with the calling thread. `report` may be empty; the worker is not trusted
// with the counts, which never go down or beyond the number of modules of the job. Thread-safe.
//
// Errors: Code::failed if the worker crashes (the message names the signal), hangs, answers without end, or is not a
// program. Code::exhausted if it needs more memory than it may have, or if the kernel kills it for want of memory.
// Code::unsupported if this kernel cannot confine it to the scratch directory, or if its answer has another version.
// Code::invalid if its answer is not a result.
Result<JobResult> run_worker(const WorkerProgram& program, const Job& job, const std::filesystem::path& scratch,
                             const WorkerLimits& limits, const ModuleReport& report = {});

}  // namespace xaas
