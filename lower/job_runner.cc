// Tries a job in several ways, the best one first; see job_runner.h.
#include "lower/job_runner.h"

#include <malloc.h>

#include <algorithm>
#include <chrono>
#include <span>
#include <utility>

#include "lower/host.h"

namespace xaas {
namespace {

constexpr std::uint64_t kLeastMemory = 256ULL << 20;
constexpr std::uint64_t kWorkerLimit = 1ULL << 30;
constexpr std::chrono::seconds kUntilIdle(1);            // reading the worker's program again takes a tenth of that
constexpr std::uint64_t kStacksPerThread = 16ULL << 20;  // bytes; stacks of a thread and of one that it waits for

}  // namespace

JobRunner::JobRunner(std::shared_ptr<const Image> image, Toolchain toolchain, std::uint64_t memory)
    : image_(std::move(image)), toolchain_(std::move(toolchain)), asked_memory_(memory) {}

JobRunner::~JobRunner() = default;

Result<JobResult> JobRunner::run(JobLayout& layout, const Lend& lend, const std::stop_token& stop,
                                 const ModuleReport& report) const {
  begin_job();
  auto result = try_in_turn(layout, lend, stop, report);
  end_job();
  return result;
}

void JobRunner::begin_job() const {
  const std::lock_guard lock(worker_mutex_);
  ++running_;
  if (!memory_) memory_.emplace(asked_memory_ != 0 ? asked_memory_ : std::max(kLeastMemory, available_memory() / 2));
  if (idle_watch_.joinable()) return running_changed_.notify_all();
  idle_watch_ = std::jthread([this](const std::stop_token& stop) { give_back_when_idle(stop); });
}

void JobRunner::end_job() const {
  const std::lock_guard lock(worker_mutex_);
  --running_;
  running_changed_.notify_all();
}

void JobRunner::give_back_when_idle(const std::stop_token& stop) const {
  std::unique_lock lock(worker_mutex_);
  const auto is_idle = [this] { return worker_ && running_ == 0; };
  while (running_changed_.wait(lock, stop, is_idle) && !stop.stop_requested()) {
    const bool is_busy = running_changed_.wait_for(lock, stop, kUntilIdle, [this] { return running_ > 0; });
    if (is_busy || stop.stop_requested()) continue;
    worker_.reset();
    image_->squashfs().drop_kept_data();
    malloc_trim(0);
  }
}

// A job may fail with merged units, for want of memory or because of what the units are. It may still work with
// separate units.
Result<JobResult> JobRunner::try_in_turn(JobLayout& layout, const Lend& lend, const std::stop_token& stop,
                                         const ModuleReport& report) const {
  if (layout.job().merged) {
    XAAS_TRY(layout.extract_units());
    auto result = run_merged(layout, stop, report);
    if ((result && result->ok) || stop.stop_requested()) return result;
    XAAS_TRY(layout.separate_units());
  }
  XAAS_TRY(lend(layout));
  XAAS_TRY(layout.extract_units());
  return run_within_memory(layout, stop, report);
}

Result<JobResult> JobRunner::run_merged(const JobLayout& layout, const std::stop_token& stop,
                                        const ModuleReport& report) const {
  XAAS_ASSIGN(const auto program, worker());
  const std::uint64_t bytes = layout.bitcode_bytes();
  const auto share = memory_->take(estimated_memory(std::span(&bytes, 1), 1), stop);
  return run_worker(*program, layout.job(), layout.scratch(),
                    {.memory = memory_->bytes() + layout.job().jobs * kStacksPerThread, .stop = stop}, report);
}

// Begins with as many threads as the memory allows, and halves their number when memory runs out. Objects that the
// worker compiled before that are not lost.
Result<JobResult> JobRunner::run_within_memory(JobLayout& layout, const std::stop_token& stop,
                                               const ModuleReport& report) const {
  XAAS_ASSIGN(const auto program, worker());
  Job& job = layout.job();
  job.jobs = threads_within(memory_->bytes(), layout.bitcode_sizes(), job.jobs);
  const auto share = memory_->take(estimated_memory(layout.bitcode_sizes(), job.jobs), stop);
  WorkerLimits limits{.stop = stop};
  bool is_limited = true;
  for (;;) {
    limits.memory = is_limited ? memory_->bytes() + job.jobs * kStacksPerThread : 0;
    auto result = run_worker(*program, job, layout.scratch(), limits, report);
    if (result || result.error().code != Code::exhausted) return result;
    // One thread without a limit was the last resort.
    if (job.jobs == 1 && !is_limited) return result;
    is_limited = job.jobs > 1;
    job.jobs = std::max(1U, job.jobs / 2);
  }
}

Result<std::string> JobRunner::worker_bytes() const {
  const SquashfsReader& squashfs = image_->squashfs();
  XAAS_ASSIGN(const InodeRef ref, squashfs.resolve(toolchain_.worker));
  XAAS_ASSIGN(std::string bytes, squashfs.read_all(ref, kWorkerLimit));
  // The digest is part of every key, so no other program may fill the cache under it.
  if (Digest::of(bytes) != toolchain_.digest) {
    return fail(Code::invalid, "{} in {} is damaged: fetch the image again", toolchain_.worker,
                image_->path().string());
  }
  return bytes;
}

Result<std::shared_ptr<const WorkerProgram>> JobRunner::worker() const {
  const std::lock_guard lock(worker_mutex_);
  if (worker_) return worker_;
  XAAS_ASSIGN(const std::string bytes, worker_bytes());
  XAAS_ASSIGN(worker_, WorkerProgram::from_bytes(bytes));
  return worker_;
}

}  // namespace xaas
