// Runs jobs in the worker that an image brings. All jobs together stay within one budget of memory. Implements
// spec/lowering.md, sections "Worker" and "Memory".
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>

#include "format/image.h"
#include "lower/job_layout.h"
#include "lower/memory_budget.h"
#include "lower/worker.h"

namespace xaas {

// Thread-safe. When no job has run for a second, the worker's program, what the image's reader keeps of data, and
// unused memory of the process are given back.
class JobRunner {
 public:
  // `memory` is the budget in bytes; 0: half of the memory that is available when the first job begins.
  JobRunner(std::shared_ptr<const Image> image, Toolchain toolchain, std::uint64_t memory);
  ~JobRunner();

  // Waits for the job's share of the memory, and runs the job. If the job asks for merged units, they are tried first.
  // If that fails, or the job does not ask for them, `lend` lays out what other links left, and the job runs with
  // separate units. If memory is short, the job gets fewer threads than it asks for. `stop` ends the job early with
  // Code::interrupted. `report` may be empty.
  using Lend = std::function<Status(JobLayout&)>;
  Result<JobResult> run(JobLayout& layout, const Lend& lend, const std::stop_token& stop,
                        const ModuleReport& report) const;

  // The bytes of the worker's program. Code::invalid if their digest is not the one that the manifest states, which is
  // part of every key.
  Result<std::string> worker_bytes() const;

 private:
  Result<JobResult> try_in_turn(JobLayout& layout, const Lend& lend, const std::stop_token& stop,
                                const ModuleReport& report) const;
  Result<std::shared_ptr<const WorkerProgram>> worker() const;
  void begin_job() const;
  void end_job() const;
  void give_back_when_idle(const std::stop_token& stop) const;
  Result<JobResult> run_merged(const JobLayout& layout, const std::stop_token& stop, const ModuleReport& report) const;
  Result<JobResult> run_within_memory(JobLayout& layout, const std::stop_token& stop, const ModuleReport& report) const;

  const std::shared_ptr<const Image> image_;
  const Toolchain toolchain_;
  const std::uint64_t asked_memory_;
  mutable std::optional<MemoryBudget> memory_;           // set by the first job
  mutable std::mutex worker_mutex_;                      // guards the members below
  mutable std::shared_ptr<const WorkerProgram> worker_;  // read from the image when it is needed
  mutable unsigned running_ = 0;                         // jobs
  mutable std::condition_variable_any running_changed_;
  mutable std::jthread idle_watch_;  // must be the last member, because it uses the others
};

}  // namespace xaas
