// See command.h.
#include "fuse/command.h"

#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <system_error>

namespace xaas {
namespace {

constexpr int kNotFound = 127;
constexpr int kNotExecutable = 126;

sigset_t watched_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGCHLD, SIGTERM, SIGHUP, SIGINT, SIGQUIT}) sigaddset(&signals, signal);
  return signals;
}

[[noreturn]] void execute(const std::vector<std::string>& command, const sigset_t& mask) {
  std::vector<char*> arguments;
  arguments.reserve(command.size() + 1);
  for (const std::string& argument : command) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  pthread_sigmask(SIG_SETMASK, &mask, nullptr);
  ::execvp(arguments[0], arguments.data());
  const int error = errno;
  std::fprintf(stderr, "xaas-mount: %s: %s\n", arguments[0],
               std::error_code(error, std::generic_category()).message().c_str());
  std::_Exit(error == ENOENT ? kNotFound : kNotExecutable);
}

int exit_status(int wait_status) {
  return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}

// Signals are taken one by one, so that none can come between looking and waiting.
int wait_for(pid_t child, const sigset_t& signals) {
  while (true) {
    int wait_status = 0;
    if (::waitpid(child, &wait_status, WNOHANG) == child) return exit_status(wait_status);
    const int signal = ::sigwaitinfo(&signals, nullptr);
    if (signal == SIGTERM || signal == SIGHUP) ::kill(child, signal);
  }
}

}  // namespace

Result<int> run_command(const std::vector<std::string>& command) {
  const sigset_t signals = watched_signals();
  sigset_t before;
  pthread_sigmask(SIG_BLOCK, &signals, &before);
  ::signal(SIGCHLD, SIG_DFL);  // where it is ignored, a child's status is lost
  const pid_t child = ::fork();
  if (child < 0) return fail_errno("cannot start a process");
  if (child == 0) execute(command, before);
  const int status = wait_for(child, signals);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return status;
}

}  // namespace xaas
