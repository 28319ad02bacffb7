// Between fork() and exec only async-signal-safe calls may be made; see worker_child.h.
#include "lower/worker_child.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "format/base/process_stat.h"
#include "lower/job.h"

namespace xaas {
namespace {

// The descriptors of the child by number, after the standard three and the program. exec closes all but the first.
constexpr int kProgressFd = 4;
constexpr int kStatusFd = 5;
constexpr int kScratchFd = 6;
constexpr int kRulesetFd = 7;
constexpr int kFirstUnused = 8;
constexpr const char* kProgressSetting = "XAAS_PROGRESS_FD=4";
static_assert(std::string_view(kProgressSetting).starts_with(kProgressVariable) && kProgressFd == 4);

constexpr rlim_t kOpenFiles = 4096;
constexpr rlim_t kFileBytes = 16ULL << 30;
constexpr rlim_t kStackBytes = 8ULL << 20;

// Moves the plan's descriptors to their numbers and closes all others. They are first moved out of the way, because any
// of them may have the number of another.
SandboxFailure arrange_descriptors(const ChildPlan& plan) {
  constexpr int kOutOfTheWay = 32;
  const bool has_ruleset = plan.sandbox->ruleset_fd() >= 0;
  std::array<int, kFirstUnused> sources{plan.input,
                                        plan.output,
                                        plan.messages,
                                        plan.program,
                                        plan.progress,
                                        plan.status,
                                        plan.sandbox->scratch_fd(),
                                        has_ruleset ? plan.sandbox->ruleset_fd() : plan.sandbox->scratch_fd()};
  for (int& source : sources) {
    source = fcntl(source, F_DUPFD, kOutOfTheWay);
    if (source < 0) return {.step = "duplicate a descriptor", .error = errno};
  }
  for (int number = 0; number < kFirstUnused; ++number) {
    const int flags = number <= STDERR_FILENO || number == kProgressFd ? 0 : O_CLOEXEC;
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

// Resets all signals, because exec keeps ignored signals ignored and blocked signals blocked.
void reset_signals() {
  struct sigaction action{};
  action.sa_handler = SIG_DFL;
  for (int number = 1; number < NSIG; ++number) sigaction(number, &action, nullptr);
  sigset_t none;
  sigemptyset(&none);
  pthread_sigmask(SIG_SETMASK, &none, nullptr);
}

// Has the kernel kill this process first when memory runs out, and not the server or the user's work.
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
  limit(RLIMIT_STACK, kStackBytes);  // stack of each thread; stacks count as data
  if (plan.memory != 0) limit(RLIMIT_DATA, plan.memory);
  die_first_of_memory();
  if (const SandboxFailure failure = arrange_descriptors(plan); failure.step != nullptr) return failure;
  if (const SandboxFailure failure = plan.sandbox->enter(kScratchFd, kRulesetFd); failure.step != nullptr) {
    return failure;
  }
  const std::array<const char*, 3> worker{"xaas-lower", "--worker", nullptr};
  const char* const* arguments = plan.arguments != nullptr ? plan.arguments : worker.data();
  const std::array<const char*, 4> environment{"LC_ALL=C", "TMPDIR=.", kProgressSetting, nullptr};
  syscall(SYS_execveat, kChildProgramFd, "", arguments, environment.data(), AT_EMPTY_PATH);
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

// The CPU time that a thread has used, in ticks; 0 if the thread is gone.
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

}  // namespace

// All signals stay blocked across fork(), so that no handler of this process runs in the child.
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

// Blocks until exec has closed the pipe, or the child has reported a failed step.
Status check_started(int status) {
  SandboxFailure failure;
  ssize_t got = 0;
  do {
    got = read(status, &failure, sizeof failure);
  } while (got < 0 && errno == EINTR);
  if (got != sizeof failure) return {};
  const std::string why = std::generic_category().message(failure.error);
  if (!failure.confining) return fail(Code::failed, "cannot start a worker: cannot {}: {}", failure.step, why);
  return fail(Code::unsupported,
              "cannot confine a worker: cannot {}: {} (a kernel with Landlock or with user namespaces is needed)",
              failure.step, why);
}

Child::Child(pid_t pid) : pid_(pid), process_(static_cast<int>(syscall(SYS_pidfd_open, pid, 0))) {}

Child::~Child() {
  if (!ended_) kill_now();
  while (!ended_ && !try_reap(0)) {
  }
}

void Child::kill_now() const {
  kill(-pid_, SIGKILL);
  kill(pid_, SIGKILL);
}

void Child::abort_at_work() const { syscall(SYS_tgkill, pid_, busiest_thread(pid_), SIGABRT); }

bool Child::try_reap(int flags) {
  const pid_t got = waitpid(pid_, &status_, flags);
  ended_ = got == pid_ || (got < 0 && errno == ECHILD);
  return ended_;
}

}  // namespace xaas
