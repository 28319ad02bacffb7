// The thread that waits for signals; see interrupts.h.
#include "mkimage/interrupts.h"

#include <pthread.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <mutex>
#include <set>
#include <thread>

#include "mkimage/work_directory.h"

namespace xaas {
namespace {

constexpr int kRemoveAttempts = 100;

struct State {
  std::mutex mutex;
  pid_t group = 0;                              // of the running command, under mutex
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

// As a subreaper we are the parent of all that the command left: when there is no more to wait for, they are gone.
void kill_group(pid_t group) {
  kill(-group, SIGKILL);
  while (waitpid(-group, nullptr, 0) > 0) {
  }
}

void end_process(int signal) {
  State& shared = state();
  shared.interrupted = true;
  const std::lock_guard lock(shared.mutex);
  if (shared.group != 0) kill_group(shared.group);
  for (const std::filesystem::path& directory : shared.directories) {
    // Another thread may still be writing there.
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
  if (prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) return fail_errno("cannot become the reaper of the build's processes");
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
  XAAS_ASSIGN(const pid_t child, start_process(options));
  state().group = child;
  return child;
}

void end_interruptible(pid_t group, Leftovers leftovers) {
  const std::lock_guard lock(state().mutex);
  if (leftovers == Leftovers::kill) kill_group(group);
  state().group = 0;
}

void yield_to_interrupt() {
  while (state().interrupted) pause();
}

}  // namespace xaas
