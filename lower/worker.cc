// Runs one job in a confined child process. Implements spec/lowering.md, section "Worker".
#include "lower/worker.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <string>
#include <utility>

#include "format/base/memory_file.h"
#include "format/base/pipe.h"
#include "lower/link_units.h"
#include "lower/worker_child.h"
#include "lower/worker_messages.h"

namespace xaas {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kAnswerLimit = 16 << 20;
constexpr std::size_t kMessagesKept = 16 << 10;
constexpr std::size_t kWarningsKept = 100;

enum class Stream { open, ended };

// Reads once what is there. REQUIRES: poll() has said that `fd` is ready.
Stream read_some(int fd, std::string& into) {
  std::array<char, 64 << 10> buffer;
  const ssize_t got = read(fd, buffer.data(), buffer.size());
  if (got < 0 && (errno == EINTR || errno == EAGAIN)) return Stream::open;
  if (got <= 0) return Stream::ended;
  into.append(buffer.data(), static_cast<std::size_t>(got));
  return Stream::open;
}

// From the worker to its parent; see ChildPlan.
struct Pipes {
  Pipe answer;
  Pipe messages;
  Pipe progress;
  Pipe status;
  std::array<Pipe*, 4> all() { return {&answer, &messages, &progress, &status}; }
};

struct Output {
  std::string answer;
  std::string messages;  // the last part of what the worker wrote to stderr
  bool is_late = false;  // whether it was stopped for running too long
};

// Counts the modules that the worker says are done: a byte for each, whatever its value.
class ModuleCounter {
 public:
  ModuleCounter(const Job& job, const ModuleReport& report)
      : count_{.done = 0, .all = job.merged ? 1 : link_units(job.recipe).size()}, report_(report) {
    if (report_) report_(count_);
  }
  void add(std::size_t bytes) {
    const std::size_t done = std::min(bytes, count_.all - count_.done);
    count_.done += done;
    if (done > 0 && report_) report_(count_);
  }

 private:
  ModuleCount count_;
  const ModuleReport& report_;
};

// Makes a descriptor readable when a stop is requested.
class StopSignal {
 public:
  explicit StopSignal(const std::stop_token& stop) : event_(eventfd(0, EFD_CLOEXEC)), wake_(stop, Wake{event_.get()}) {}
  int fd() const { return event_.get(); }

 private:
  struct Wake {
    int fd;
    void operator()() const { static_cast<void>(eventfd_write(fd, 1)); }
  };
  Fd event_;
  std::stop_callback<Wake> wake_;
};

// The milliseconds until `deadline` for poll(), rounded up and at most an hour.
int wait_until(Clock::time_point deadline) {
  constexpr std::chrono::milliseconds kLongest(std::chrono::hours(1));
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
  return static_cast<int>(std::clamp(left, std::chrono::milliseconds(0), kLongest).count());
}

// Collects the worker's output until the worker has ended.
Status collect(Child& child, const Pipes& pipes, const WorkerLimits& limits, ModuleCounter& modules, Output& output) {
  constexpr int kTick = 50;  // milliseconds; used if no pidfd tells when the child has ended
  constexpr std::chrono::seconds kToSayWhere(5);
  const StopSignal stop(limits.stop);
  auto deadline = Clock::now() + limits.time;
  // The descriptor of a stream that has ended becomes -1, which poll() ignores.
  std::array<pollfd, 5> polled{pollfd{pipes.answer.read.get(), POLLIN, 0}, pollfd{pipes.messages.read.get(), POLLIN, 0},
                               pollfd{child.fd(), POLLIN, 0}, pollfd{stop.fd(), POLLIN, 0},
                               pollfd{pipes.progress.read.get(), POLLIN, 0}};
  for (bool ended = false; !ended || polled[0].fd >= 0 || polled[1].fd >= 0;) {
    poll(polled.data(), polled.size(), ended || child.fd() >= 0 ? wait_until(deadline) : kTick);
    if (polled[0].revents != 0 && read_some(polled[0].fd, output.answer) == Stream::ended) polled[0].fd = -1;
    if (polled[1].revents != 0 && read_some(polled[1].fd, output.messages) == Stream::ended) polled[1].fd = -1;
    if (polled[4].revents != 0) {
      std::string marks;
      if (read_some(polled[4].fd, marks) == Stream::ended) polled[4].fd = -1;
      modules.add(marks.size());
    }
    if (output.messages.size() > 2 * kMessagesKept) {
      output.messages.erase(0, output.messages.size() - kMessagesKept);
    }
    if (output.answer.size() > kAnswerLimit) return fail(Code::failed, "the worker answers without end");
    if (!ended && child.try_reap(WNOHANG)) {
      ended = true;
      polled[2].fd = -1;
    }
    if (limits.stop.stop_requested()) return fail(Code::interrupted, "lowering was stopped");
    if (Clock::now() <= deadline) continue;
    if (ended || output.is_late) return {};
    output.is_late = true;
    child.abort_at_work();
    deadline = Clock::now() + kToSayWhere;
  }
  return {};
}

// How often the kernel has killed a process for want of memory, in control groups too.
std::uint64_t oom_kills() {
  constexpr std::string_view kKey = "\noom_kill ";
  const auto text = read_file("/proc/vmstat", 64 << 10);
  const std::size_t at = text ? text->find(kKey) : std::string::npos;
  return at == std::string::npos ? 0 : std::strtoull(text->c_str() + at + kKey.size(), nullptr, 10);
}

}  // namespace

Result<std::shared_ptr<const WorkerProgram>> WorkerProgram::from_bytes(std::string_view elf) {
  XAAS_ASSIGN(Fd file, sealed_memory_file("xaas-lower", elf, Execution::yes));
  return std::shared_ptr<const WorkerProgram>(new WorkerProgram(std::move(file)));
}

Result<JobResult> run_worker(const WorkerProgram& program, const Job& job, const std::filesystem::path& scratch,
                             const WorkerLimits& limits, const ModuleReport& report) {
  const std::uint64_t oom_kills_before = oom_kills();
  XAAS_ASSIGN(Sandbox sandbox, Sandbox::prepare(scratch, limits.confinement, kChildProgramFd));
  XAAS_ASSIGN(const Fd input, sealed_memory_file("job", to_json(job), Execution::no));
  Pipes pipes;
  for (Pipe* pipe : pipes.all()) {
    XAAS_ASSIGN(*pipe, make_pipe());
  }
  const pid_t pid = fork_child({.input = input.get(),
                                .output = pipes.answer.write.get(),
                                .messages = pipes.messages.write.get(),
                                .program = program.fd(),
                                .progress = pipes.progress.write.get(),
                                .status = pipes.status.write.get(),
                                .memory = limits.memory,
                                .sandbox = &sandbox});
  if (pid < 0) return fail_errno("cannot start a worker");
  Child child(pid);
  for (Pipe* pipe : pipes.all()) pipe->write = Fd();
  XAAS_TRY(check_started(pipes.status.read.get()));

  Output output;
  ModuleCounter modules(job, report);
  XAAS_TRY(collect(child, pipes, limits, modules, output));
  if (output.is_late) {
    return fail(Code::failed, "the worker ran longer than {} seconds and was stopped while lowering {}",
                std::chrono::duration_cast<std::chrono::seconds>(limits.time).count(), work_of(job, output.messages));
  }
  if (!WIFEXITED(child.status()) || WEXITSTATUS(child.status()) != 0) {
    const bool killed = WIFSIGNALED(child.status()) && WTERMSIG(child.status()) == SIGKILL;
    const bool ran_out = limits.memory != 0 && output.messages.find("bad_alloc") != std::string::npos;
    return fail(ran_out || (killed && oom_kills() != oom_kills_before) ? Code::exhausted : Code::failed, "{}",
                describe_end(child.status(), job, output.messages));
  }
  XAAS_ASSIGN(JobResult result, parse_job_result(output.answer));
  const std::string unit = result.ok ? "" : unit_at_work(job, output.messages);
  if (!unit.empty()) result.message += " (while lowering " + unit + ")";
  result.message = harmless(result.message);
  if (result.out_of_memory) return fail(Code::exhausted, "{}", result.message);
  if (result.warnings.size() > kWarningsKept) result.warnings.resize(kWarningsKept);
  for (std::string& warning : result.warnings) warning = harmless(warning);
  return result;
}

}  // namespace xaas
