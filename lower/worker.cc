// Runs one job in a confined child process. Implements spec/lowering.md, section "Worker".
#include "lower/worker.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <string>
#include <system_error>
#include <utility>
#include <variant>
#include <vector>

#include "format/base/process_stat.h"
#include "format/base/text.h"

namespace xaas {
namespace {

using Clock = std::chrono::steady_clock;

// The descriptors of the child, by number: the standard three, then what exec closes.
constexpr int kProgramFd = 3;
constexpr int kStatusFd = 4;
constexpr int kScratchFd = 5;
constexpr int kRulesetFd = 6;
constexpr int kFirstUnused = 7;

constexpr std::size_t kAnswerLimit = 16 << 20;
constexpr std::size_t kMessagesKept = 16 << 10;
constexpr std::size_t kLineKept = 1000;
constexpr std::size_t kWarningsKept = 100;
constexpr rlim_t kOpenFiles = 4096;
constexpr rlim_t kFileBytes = 16ULL << 30;
constexpr rlim_t kStackBytes = 8ULL << 20;

// Since Linux 6.3; before, every memory file can be executed.
#ifndef MFD_EXEC
#define MFD_NOEXEC_SEAL 0x0008U
#define MFD_EXEC 0x0010U
#endif

// A memory file with `content`, sealed, at its start.
Result<Fd> memory_file(const char* name, unsigned execution, std::string_view content) {
  Fd fd(memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING | execution));
  if (!fd.valid()) fd = Fd(memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!fd.valid()) return fail_errno(fmt::format("cannot make the memory file '{}'", name));
  XAAS_TRY(write_all(fd.get(), content));
  if (lseek(fd.get(), 0, SEEK_SET) != 0) return fail_errno("cannot rewind a memory file");
  if (fcntl(fd.get(), F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) != 0) {
    return fail_errno("cannot seal a memory file");
  }
  return fd;
}

struct Pipe {
  Fd read;
  Fd write;
};

Result<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return fail_errno("cannot make a pipe");
  return Pipe{.read = Fd(ends[0]), .write = Fd(ends[1])};
}

// What the child needs, by its numbers in the parent.
struct ChildPlan {
  int input;
  int output;
  int messages;
  int program;
  int status;
  std::uint64_t memory;  // 0: no limit
  Sandbox* sandbox;
};

// Moves the plan's descriptors to their numbers and closes all others. First out of the way: any of them may sit on
// another's number.
SandboxFailure arrange_descriptors(const ChildPlan& plan) {
  constexpr int kOutOfTheWay = 32;
  const bool has_ruleset = plan.sandbox->ruleset_fd() >= 0;
  std::array<int, kFirstUnused> sources{plan.input,
                                        plan.output,
                                        plan.messages,
                                        plan.program,
                                        plan.status,
                                        plan.sandbox->scratch_fd(),
                                        has_ruleset ? plan.sandbox->ruleset_fd() : plan.sandbox->scratch_fd()};
  for (int& source : sources) {
    source = fcntl(source, F_DUPFD, kOutOfTheWay);
    if (source < 0) return {.step = "duplicate a descriptor", .error = errno};
  }
  for (int number = 0; number < kFirstUnused; ++number) {
    const int flags = number <= STDERR_FILENO ? 0 : O_CLOEXEC;
    if (dup3(sources[static_cast<std::size_t>(number)], number, flags) < 0) {
      return {.step = "place a descriptor", .error = errno};
    }
  }
  if (syscall(SYS_close_range, kFirstUnused, ~0U, 0) == 0) return {};
  rlimit open_files{};
  getrlimit(RLIMIT_NOFILE, &open_files);
  for (rlim_t fd = kFirstUnused; fd < open_files.rlim_cur; ++fd) close(static_cast<int>(fd));
  return {};
}

void limit(__rlimit_resource resource, rlim_t most) {
  rlimit value{};
  getrlimit(resource, &value);
  value.rlim_max = std::min(value.rlim_max, most);
  value.rlim_cur = value.rlim_max;
  setrlimit(resource, &value);
}

// A handled or ignored signal would stay ignored across exec.
void reset_signals() {
  struct sigaction action{};
  action.sa_handler = SIG_DFL;
  for (int number = 1; number < NSIG; ++number) sigaction(number, &action, nullptr);
  sigset_t none;
  sigemptyset(&none);
  pthread_sigmask(SIG_SETMASK, &none, nullptr);
}

// What eats all memory is to be killed itself, not the server or the user's work.
void die_first_of_memory() {
  const int file = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  if (file < 0) return;
  static_cast<void>(!write(file, "1000", 4));
  close(file);
}

SandboxFailure start_program(const ChildPlan& plan) {
  constexpr int kNiceness = 10;
  reset_signals();
  setsid();
  umask(077);
  setpriority(PRIO_PROCESS, 0, std::min(getpriority(PRIO_PROCESS, 0) + kNiceness, 19));
  limit(RLIMIT_CORE, 0);
  limit(RLIMIT_NOFILE, kOpenFiles);
  limit(RLIMIT_FSIZE, kFileBytes);
  limit(RLIMIT_STACK, kStackBytes);  // of each thread, all of which counts as data
  if (plan.memory != 0) limit(RLIMIT_DATA, plan.memory);
  die_first_of_memory();
  if (const SandboxFailure failure = arrange_descriptors(plan); failure.step != nullptr) return failure;
  if (const SandboxFailure failure = plan.sandbox->enter(kScratchFd, kRulesetFd); failure.step != nullptr) {
    return failure;
  }
  const std::array<const char*, 3> arguments{"xaas-lower", "--worker", nullptr};
  const std::array<const char*, 2> environment{"LC_ALL=C", nullptr};
  syscall(SYS_execveat, kProgramFd, "", arguments.data(), environment.data(), AT_EMPTY_PATH);
  return {.step = "execute the worker", .error = errno};
}

// Runs between fork() and exec in a process that had threads: async-signal-safe calls only.
[[noreturn]] void child_main(const ChildPlan& plan) {
  const SandboxFailure failure = start_program(plan);
  // The text of `step` is at the same address in the parent.
  while (write(kStatusFd, &failure, sizeof failure) < 0 && errno == EINTR) {
  }
  _exit(127);
}

// All signals are blocked across fork(), so that no handler of this process runs in the child.
pid_t fork_child(const ChildPlan& plan) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  const pid_t child = fork();
  if (child == 0) child_main(plan);
  const int error = errno;
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  errno = error;
  return child;
}

// Seconds of CPU, in ticks, that a thread has taken; 0 where it is gone.
std::uint64_t ticks_of(const std::filesystem::path& task) {
  constexpr std::size_t kUser = 11;  // fields 14 and 15 of proc(5)
  constexpr std::size_t kSystem = 12;
  const std::vector<std::string> words = words_of_stat(task);
  if (words.size() <= kSystem) return 0;
  return std::strtoull(words[kUser].c_str(), nullptr, 10) + std::strtoull(words[kSystem].c_str(), nullptr, 10);
}

pid_t busiest_thread(pid_t process) {
  pid_t busiest = process;
  std::uint64_t most = 0;
  std::error_code error;
  std::filesystem::directory_iterator task(fmt::format("/proc/{}/task", process), error);
  for (; !error && task != std::filesystem::directory_iterator(); task.increment(error)) {
    const std::uint64_t ticks = ticks_of(task->path());
    if (ticks <= most) continue;
    most = ticks;
    busiest = static_cast<pid_t>(std::strtol(task->path().filename().c_str(), nullptr, 10));
  }
  return busiest;
}

// A child that is killed and reaped, whatever happens.
class Child {
 public:
  explicit Child(pid_t pid) : pid_(pid), process_(static_cast<int>(syscall(SYS_pidfd_open, pid, 0))) {}
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    if (!ended_) kill_now();
    while (!ended_ && !try_reap(0)) {
    }
  }

  int fd() const { return process_.get(); }  // readable when it has ended; -1 before Linux 5.3
  int status() const { return status_; }
  void kill_now() const {
    kill(-pid_, SIGKILL);
    kill(pid_, SIGKILL);
  }
  // Ends it in a way that it can catch, in the thread that has worked most: LLVM's handler prints what that is at.
  void abort_at_work() const { syscall(SYS_tgkill, pid_, busiest_thread(pid_), SIGABRT); }
  // Whether it has ended; `flags` as for waitpid.
  bool try_reap(int flags) {
    const pid_t got = waitpid(pid_, &status_, flags);
    ended_ = got == pid_ || (got < 0 && errno == ECHILD);
    return ended_;
  }

 private:
  pid_t pid_;
  Fd process_;
  int status_ = 0;
  bool ended_ = false;
};

enum class Stream { open, ended };

// Reads what is there, once. REQUIRES: poll said so.
Stream read_some(int fd, std::string& into) {
  std::array<char, 64 << 10> buffer;
  const ssize_t got = read(fd, buffer.data(), buffer.size());
  if (got < 0 && (errno == EINTR || errno == EAGAIN)) return Stream::open;
  if (got <= 0) return Stream::ended;
  into.append(buffer.data(), static_cast<std::size_t>(got));
  return Stream::open;
}

struct Output {
  std::string answer;
  std::string messages;  // the end of them
  bool is_late = false;  // it was ended for running too long
};

// Collects the worker's output until it has ended. The descriptors are set to -1 as their streams end.
Status collect(Child& child, const Pipe& answer, const Pipe& messages, const WorkerLimits& limits, Output& output) {
  constexpr int kTick = 50;  // milliseconds; how often the flag is looked at
  constexpr std::chrono::seconds kToSayWhere(5);
  auto deadline = Clock::now() + limits.time;
  std::array<pollfd, 3> polled{pollfd{answer.read.get(), POLLIN, 0}, pollfd{messages.read.get(), POLLIN, 0},
                               pollfd{child.fd(), POLLIN, 0}};
  for (bool ended = false; !ended || polled[0].fd >= 0 || polled[1].fd >= 0;) {
    poll(polled.data(), polled.size(), kTick);
    if (polled[0].revents != 0 && read_some(polled[0].fd, output.answer) == Stream::ended) polled[0].fd = -1;
    if (polled[1].revents != 0 && read_some(polled[1].fd, output.messages) == Stream::ended) polled[1].fd = -1;
    if (output.messages.size() > 2 * kMessagesKept) {
      output.messages.erase(0, output.messages.size() - kMessagesKept);
    }
    if (output.answer.size() > kAnswerLimit) return fail(Code::failed, "the worker answers without end");
    if (!ended && child.try_reap(WNOHANG)) {
      ended = true;
      polled[2].fd = -1;
    }
    if (limits.stop != nullptr && limits.stop->load()) return fail(Code::interrupted, "lowering was stopped");
    if (Clock::now() <= deadline) continue;
    if (ended || output.is_late) return {};
    output.is_late = true;
    child.abort_at_work();
    deadline = Clock::now() + kToSayWhere;
  }
  return {};
}

// Blocks until exec has closed the pipe, or the child has said what did not work.
Status check_started(const Pipe& status) {
  SandboxFailure failure;
  ssize_t got = 0;
  do {
    got = read(status.read.get(), &failure, sizeof failure);
  } while (got < 0 && errno == EINTR);
  if (got != sizeof failure) return {};
  const std::string why = std::generic_category().message(failure.error);
  if (!failure.confining) return fail(Code::failed, "cannot start a worker: cannot {}: {}", failure.step, why);
  return fail(Code::unsupported,
              "cannot confine a worker: cannot {}: {} (a kernel with Landlock or with user namespaces is needed)",
              failure.step, why);
}

// What a worker says is as trusted as the worker, and goes to terminals: one line, of bounded length, without control
// characters.
std::string harmless(std::string_view text) { return printable(text.substr(0, kLineKept)); }

std::string last_line(std::string_view messages) {
  while (!messages.empty() && (messages.back() == '\n' || messages.back() == ' ')) messages.remove_suffix(1);
  return harmless(messages.substr(messages.rfind('\n') + 1));
}

// The names of a recipe's units; the engine numbers them in this order.
std::vector<std::string> unit_names(const Recipe& recipe) {
  std::vector<std::string> names;
  for_each_input(recipe, [&](const auto& input) {
    if (const auto* unit = std::get_if<IrInput>(&input)) names.push_back(unit->name);
  });
  return names;
}

// The unit that a worker was at when it printed its stack: "Running pass 'x' on module 'units/3.bc'". Empty: not known.
std::string unit_at_work(const Recipe& recipe, std::string_view messages) {
  constexpr std::string_view kStack = "Stack dump:";
  constexpr std::string_view kUnit = "units/";
  messages = messages.substr(std::min(messages.find(kStack), messages.size()));
  const std::size_t at = messages.find(kUnit);
  if (at == std::string_view::npos) return "";
  std::size_t number = 0;
  const char* digits = messages.data() + at + kUnit.size();
  const auto parsed = std::from_chars(digits, messages.data() + messages.size(), number);
  const std::vector<std::string> names = unit_names(recipe);
  return parsed.ec == std::errc() && number < names.size() ? names[number] : "";
}

std::string signal_name(int number) {
  const char* text = sigdescr_np(number);
  return fmt::format("signal {} ({})", number, text == nullptr ? "unknown" : text);
}

// How often the kernel has killed for want of memory, also in a control group.
std::uint64_t oom_kills() {
  constexpr std::string_view kKey = "\noom_kill ";
  const auto text = read_file("/proc/vmstat", 64 << 10);
  const std::size_t at = text ? text->find(kKey) : std::string::npos;
  return at == std::string::npos ? 0 : std::strtoull(text->c_str() + at + kKey.size(), nullptr, 10);
}

// What the worker was at, by its messages, for people.
std::string work_of(const Job& job, std::string_view messages) {
  const std::string unit = unit_at_work(job.recipe, messages);
  return unit.empty() ? job.recipe.output : fmt::format("{} of {}", unit, job.recipe.output);
}

// One line on how the worker ended without an answer.
std::string describe_end(int status, const Job& job, const std::string& messages) {
  std::string text;
  const std::string what = work_of(job, messages);
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS) {
    text = fmt::format("the worker was killed for a system call that workers may not make, while lowering {}", what);
  } else if (WIFSIGNALED(status)) {
    text = fmt::format("the worker was killed by {} while lowering {}", signal_name(WTERMSIG(status)), what);
  } else {
    text = fmt::format("the worker ended with status {} and no result while lowering {}", WEXITSTATUS(status), what);
  }
  const std::string line = last_line(messages);
  return line.empty() ? text : text + ": " + line;
}

}  // namespace

Result<std::shared_ptr<const WorkerProgram>> WorkerProgram::from_bytes(std::string_view elf) {
  XAAS_ASSIGN(Fd file, memory_file("xaas-lower", MFD_EXEC, elf));
  return std::shared_ptr<const WorkerProgram>(new WorkerProgram(std::move(file)));
}

Result<JobResult> run_worker(const WorkerProgram& program, const Job& job, const std::filesystem::path& scratch,
                             const WorkerLimits& limits) {
  const std::uint64_t oom_kills_before = oom_kills();
  XAAS_ASSIGN(Sandbox sandbox, Sandbox::prepare(scratch, limits.confinement, kProgramFd));
  XAAS_ASSIGN(const Fd input, memory_file("job", MFD_NOEXEC_SEAL, to_json(job)));
  XAAS_ASSIGN(Pipe answer, make_pipe());
  XAAS_ASSIGN(Pipe messages, make_pipe());
  XAAS_ASSIGN(Pipe status, make_pipe());
  const pid_t pid = fork_child({.input = input.get(),
                                .output = answer.write.get(),
                                .messages = messages.write.get(),
                                .program = program.fd(),
                                .status = status.write.get(),
                                .memory = limits.memory,
                                .sandbox = &sandbox});
  if (pid < 0) return fail_errno("cannot start a worker");
  Child child(pid);
  for (Pipe* pipe : {&answer, &messages, &status}) pipe->write = Fd();
  XAAS_TRY(check_started(status));

  Output output;
  XAAS_TRY(collect(child, answer, messages, limits, output));
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
  const std::string unit = result.ok ? "" : unit_at_work(job.recipe, output.messages);
  if (!unit.empty()) result.message += " (while lowering " + unit + ")";
  result.message = harmless(result.message);
  if (result.out_of_memory) return fail(Code::exhausted, "{}", result.message);
  if (result.warnings.size() > kWarningsKept) result.warnings.resize(kWarningsKept);
  for (std::string& warning : result.warnings) warning = harmless(warning);
  return result;
}

}  // namespace xaas
