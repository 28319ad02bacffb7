// See bounded_run.h.
#include "lower/bounded_run.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <utility>

#include "format/base/file.h"
#include "format/base/pipe.h"

namespace xaas {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::size_t kMostOutput = 64 << 10;

// Whether the descriptor can be read, or is at its end, before the deadline.
bool is_ready(int fd, Clock::time_point deadline) {
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    pollfd waiting{.fd = fd, .events = POLLIN, .revents = 0};
    const int found = poll(&waiting, 1, static_cast<int>(std::max<long long>(left, 0)));
    if (found >= 0 || errno != EINTR) return found > 0;
  }
}

// What comes through the pipe until its end. Returns false at the deadline or with too much of it.
bool read_output(int pipe, Clock::time_point deadline, std::string& output) {
  std::array<char, 4096> piece{};
  while (output.size() < kMostOutput && is_ready(pipe, deadline)) {
    const ssize_t size = read(pipe, piece.data(), piece.size());
    if (size == 0) return true;
    if (size < 0 && errno != EINTR) return false;
    if (size > 0) output.append(piece.data(), static_cast<std::size_t>(size));
  }
  return false;
}

// Whether the process ends before the deadline. It stays to be waited for.
bool ends(pid_t child, Clock::time_point deadline) {
  constexpr int kPause = 2;  // milliseconds; nothing can be waited for on kernels without pidfd_open
  for (;;) {
    siginfo_t info{};
    if (waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOHANG | WNOWAIT) != 0) return false;
    if (info.si_pid == child) return true;
    if (Clock::now() >= deadline) return false;
    poll(nullptr, 0, kPause);
  }
}

}  // namespace

Result<std::string> bounded_run(std::vector<std::string> arguments, Variables environment,
                                std::chrono::milliseconds limit) {
  const Clock::time_point deadline = Clock::now() + limit;
  const std::string program = arguments.front();
  XAAS_ASSIGN(const Fd nothing, open_for_reading("/dev/null"));
  XAAS_ASSIGN(Pipe pipe, make_pipe());
  XAAS_ASSIGN(const pid_t child, start_process({.arguments = std::move(arguments),
                                                .environment = std::move(environment),
                                                .directory = "/",
                                                .input = nothing.get(),
                                                .output = pipe.write.get(),
                                                .error = pipe.write.get(),
                                                .own_group = true}));
  pipe.write = Fd();
  std::string output;
  const bool is_done = read_output(pipe.read.get(), deadline, output) && ends(child, deadline);
  // The group too, because a child of the program may go on. The id is still ours: nobody has waited for it.
  kill(-child, SIGKILL);
  XAAS_ASSIGN(const ExitStatus status, wait_for(child));
  if (!is_done) return fail(Code::failed, "{} does not end", program);
  if (!status.ok()) return fail(Code::failed, "{}: {}", program, status.to_string());
  return output;
}

}  // namespace xaas
