// See command.h.
#include "fuse/command.h"

#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <system_error>
#include <utility>

#include "format/base/text.h"

namespace xaas {
namespace {

constexpr int kNotFound = 127;
constexpr int kNotExecutable = 126;

sigset_t watched_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGCHLD, SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2}) sigaddset(&signals, signal);
  return signals;
}

[[noreturn]] void execute(const std::vector<std::string>& command, const sigset_t& mask) {
  const std::vector<char*> arguments = argument_pointers(command);
  pthread_sigmask(SIG_SETMASK, &mask, nullptr);
  ::execvp(arguments[0], arguments.data());
  const int error = errno;
  std::fprintf(stderr, "xaas-mount: %s: %s\n", arguments[0],
               std::error_code(error, std::generic_category()).message().c_str());
  std::_Exit(error == ENOENT ? kNotFound : kNotExecutable);
}

// Whether the next word is the value of this option. One word may have several short options. The first of them that
// takes a value takes the rest of the word.
bool takes_next(std::string_view option, std::span<const std::string_view> with_value) {
  const auto has_value = [&](std::string_view name) { return is_in(with_value, name); };
  if (option.starts_with("--")) return has_value(option);
  for (std::size_t i = 1; i < option.size(); ++i) {
    if (has_value(std::string("-") + option[i])) return i + 1 == option.size();
  }
  return false;
}

// The position of the `--` that begins the command, or the number of words if there is no command.
std::size_t find_separator(const std::vector<std::string>& words, std::span<const std::string_view> with_value) {
  bool options = true;
  bool operands = false;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (word == "--") {
      if (operands || !options) return i;
      options = false;
    } else if (options && word.size() > 1 && word.starts_with('-')) {
      if (takes_next(word, with_value)) ++i;
    } else {
      operands = true;
    }
  }
  return words.size();
}

ExitStatus exit_status(int wait_status) {
  if (WIFSIGNALED(wait_status)) return {.signal = WTERMSIG(wait_status)};
  return {.code = WEXITSTATUS(wait_status)};
}

// Whether the command has this signal already: a terminal sends it to all processes in front of it.
bool is_of_terminal(const siginfo_t& signal) {
  return (signal.si_signo == SIGINT || signal.si_signo == SIGQUIT) && signal.si_code == SI_KERNEL;
}

// Signals are taken one by one, so that no signal can come between looking and waiting.
ExitStatus wait_for(pid_t child, const sigset_t& signals) {
  while (true) {
    int wait_status = 0;
    if (::waitpid(child, &wait_status, WNOHANG) == child) return exit_status(wait_status);
    siginfo_t signal{};
    if (::sigwaitinfo(&signals, &signal) < 0 || signal.si_signo == SIGCHLD || is_of_terminal(signal)) continue;
    ::kill(child, signal.si_signo);
  }
}

}  // namespace

std::vector<char*> argument_pointers(const std::vector<std::string>& words) {
  std::vector<char*> pointers;
  pointers.reserve(words.size() + 1);
  for (const std::string& word : words) pointers.push_back(const_cast<char*>(word.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

CommandLine split_command(std::vector<std::string> words, std::span<const std::string_view> with_value) {
  const std::size_t separator = find_separator(words, with_value);
  if (separator == words.size()) return {std::move(words), std::nullopt};
  const auto position = words.begin() + static_cast<std::ptrdiff_t>(separator);
  std::vector<std::string> command(position + 1, words.end());
  words.erase(position, words.end());
  return {std::move(words), std::move(command)};
}

Result<ExitStatus> run_command(const std::vector<std::string>& command) {
  const sigset_t signals = watched_signals();
  sigset_t before;
  pthread_sigmask(SIG_BLOCK, &signals, &before);
  ::signal(SIGCHLD, SIG_DFL);  // if it is ignored, a child's status is lost
  const pid_t child = ::fork();
  if (child < 0) return fail_errno("cannot start a process");
  if (child == 0) execute(command, before);
  const ExitStatus status = wait_for(child, signals);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return status;
}

}  // namespace xaas
