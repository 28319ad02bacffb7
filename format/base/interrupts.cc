// The thread that waits for signals; see interrupts.h.
#include "format/base/interrupts.h"

#include <pthread.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "format/base/file.h"
#include "format/base/process_stat.h"

namespace xaas {
namespace {

constexpr int kRemoveAttempts = 100;
constexpr std::chrono::milliseconds kKillInterval(2);

struct State {
  std::mutex mutex;
  std::set<std::filesystem::path> directories;  // under mutex
  std::atomic<bool> interrupted = false;
  const char* program = "";
};

State& state() {
  static State instance;
  return instance;
}

sigset_t interrupts() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&set, signal);
  return set;
}

pid_t parent_of(const std::filesystem::path& process) {
  const std::vector<std::string> words = words_of_stat(process);
  return words.size() > 1 ? static_cast<pid_t>(std::strtol(words[1].c_str(), nullptr, 10)) : 0;
}

std::vector<pid_t> children() {
  std::vector<pid_t> found;
  std::error_code error;
  std::filesystem::directory_iterator entry("/proc", error);
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    const bool is_process = name.find_first_not_of("0123456789") == std::string::npos;
    if (is_process && parent_of(entry->path()) == getpid()) found.push_back(std::stoi(name));
  }
  return found;
}

// Kills every descendant. Killing the process group of the command would not do: the command may have made other
// groups, as ninja and timeout do. This process is a subreaper, so it becomes the parent of every descendant whose
// parent is gone. Killing children until there are none therefore reaches every descendant. It polls, because the
// kernel may report a death to the thread that runs the command.
void kill_descendants() {
  while (true) {
    for (const pid_t child : children()) kill(child, SIGKILL);
    pid_t ended = 0;
    while ((ended = waitpid(-1, nullptr, WNOHANG)) > 0) {
    }
    if (ended < 0) return;
    std::this_thread::sleep_for(kKillInterval);
  }
}

void end_process(int signal) {
  State& shared = state();
  shared.interrupted = true;
  const std::lock_guard lock(shared.mutex);
  kill_descendants();
  for (const std::filesystem::path& directory : shared.directories) {
    // Another thread may still be writing into the directory.
    for (int attempt = 0; attempt < kRemoveAttempts && std::filesystem::exists(directory); ++attempt) {
      remove_tree(directory);
    }
  }
  static_cast<void>(std::fprintf(stderr, "%s: interrupted\n", shared.program));
  static_cast<void>(std::signal(signal, SIG_DFL));
  const sigset_t set = interrupts();
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
  static_cast<void>(raise(signal));
  _exit(128 + signal);
}

}  // namespace

Status watch_interrupts(const char* program_name) {
  state().program = program_name;
  // The emulator of another CPU may lack the call. Then processes that a command leaves behind live on.
  if (prctl(PR_SET_CHILD_SUBREAPER, 1) != 0 && errno != EINVAL) {
    return fail_errno("cannot become the reaper of the build's processes");
  }
  const sigset_t set = interrupts();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::thread([set] {
    int signal = 0;
    while (sigwait(&set, &signal) != 0) {
    }
    end_process(signal);
  }).detach();
  return {};
}

void remove_on_interrupt(const std::filesystem::path& directory) {
  const std::lock_guard lock(state().mutex);
  state().directories.insert(directory);
}

void keep_on_interrupt(const std::filesystem::path& directory) {
  const std::lock_guard lock(state().mutex);
  state().directories.erase(directory);
}

Result<pid_t> start_interruptible(ProcessOptions options) {
  options.own_group = true;
  const std::lock_guard lock(state().mutex);
  if (state().interrupted) return fail(Code::interrupted, "interrupted");
  return start_process(options);
}

void end_interruptible(Leftovers leftovers) {
  const std::lock_guard lock(state().mutex);
  if (leftovers == Leftovers::kill) kill_descendants();
}

void yield_to_interrupt() {
  while (state().interrupted) pause();
}

}  // namespace xaas
