// See confined_run.h.
#include "lower/confined_run.h"

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "format/base/memory_file.h"
#include "format/base/pipe.h"
#include "lower/worker_child.h"

namespace xaas {
namespace {

constexpr std::size_t kMostMessages = 64 << 10;
constexpr int kPollMilliseconds = 50;

// Reads once what is there, and keeps the first kMostMessages bytes. Returns false at the end.
bool read_messages(int fd, std::string& messages) {
  std::array<char, 16 << 10> buffer;
  const ssize_t got = read(fd, buffer.data(), buffer.size());
  if (got < 0) return errno == EINTR || errno == EAGAIN;
  const std::size_t room = kMostMessages - messages.size();
  messages.append(buffer.data(), std::min(room, static_cast<std::size_t>(got)));
  return got > 0;
}

Status wait_for_end(Child& child, int messages_fd, const WorkerLimits& limits, std::string& messages) {
  const auto deadline = std::chrono::steady_clock::now() + limits.time;
  pollfd polled{messages_fd, POLLIN, 0};
  while (polled.fd >= 0 || !child.try_reap(WNOHANG)) {
    poll(&polled, 1, kPollMilliseconds);
    if (polled.revents != 0 && !read_messages(polled.fd, messages)) polled.fd = -1;
    if (limits.stop.stop_requested()) return fail(Code::interrupted, "lowering was stopped");
    if (std::chrono::steady_clock::now() > deadline) return fail(Code::failed, "it runs for too long");
  }
  return {};
}

}  // namespace

Result<ConfinedResult> run_confined(const WorkerProgram& program, const std::vector<std::string>& arguments,
                                    const std::filesystem::path& scratch, const WorkerLimits& limits) {
  XAAS_ASSIGN(Sandbox sandbox, Sandbox::prepare(scratch, limits.confinement, kChildProgramFd));
  XAAS_ASSIGN(const Fd input, sealed_memory_file("input", "", Execution::no));
  XAAS_ASSIGN(Pipe messages, make_pipe());
  XAAS_ASSIGN(Pipe status, make_pipe());
  std::vector<const char*> words;
  for (const std::string& argument : arguments) words.push_back(argument.c_str());
  words.push_back(nullptr);
  const pid_t pid = fork_child({.input = input.get(),
                                .output = messages.write.get(),
                                .messages = messages.write.get(),
                                .program = program.fd(),
                                .progress = messages.write.get(),
                                .status = status.write.get(),
                                .memory = limits.memory,
                                .sandbox = &sandbox,
                                .arguments = words.data()});
  if (pid < 0) return fail_errno("cannot start a confined program");
  Child child(pid);
  messages.write = Fd();
  status.write = Fd();
  XAAS_TRY(check_started(status.read.get()));
  ConfinedResult result;
  XAAS_TRY(wait_for_end(child, messages.read.get(), limits, result.messages));
  if (!WIFEXITED(child.status())) return fail(Code::failed, "it was ended by signal {}", WTERMSIG(child.status()));
  result.code = WEXITSTATUS(child.status());
  return result;
}

}  // namespace xaas
