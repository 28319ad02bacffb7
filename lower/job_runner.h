// Runs jobs in workers that an image brings, within the memory that all of them may take together. Implements
// spec/lowering.md, sections "Worker" and "Memory".
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>

#include "format/image.h"
#include "lower/job_layout.h"
#include "lower/memory_budget.h"
#include "lower/worker.h"

namespace xaas {

// Thread-safe.
class JobRunner {
 public:
  // `memory`: bytes.
  JobRunner(std::shared_ptr<const Image> image, Toolchain toolchain, std::uint64_t memory);

  // Waits for its share of the memory, and runs the job: with merged units, where it asks for that and it works out,
  // else with the units side by side, for which `lend` lays out what other links left. Fewer threads than the job asks
  // for where memory is short. `stop` ends it early: Code::interrupted.
  using Lend = std::function<Status(JobLayout&)>;
  Result<JobResult> run(JobLayout& layout, const Lend& lend, const std::stop_token& stop) const;

  // The worker's program. Code::invalid when it is not the one that the image's keys are made with.
  Result<std::string> worker_bytes() const;

 private:
  Result<std::shared_ptr<const WorkerProgram>> worker() const;
  Result<JobResult> run_merged(const JobLayout& layout, const std::stop_token& stop) const;
  Result<JobResult> run_within_memory(JobLayout& layout, const std::stop_token& stop) const;

  const std::shared_ptr<const Image> image_;
  const Toolchain toolchain_;
  mutable MemoryBudget memory_;
  mutable std::mutex worker_mutex_;
  mutable std::shared_ptr<const WorkerProgram> worker_;  // read when it is first needed
};

}  // namespace xaas
