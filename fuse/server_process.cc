// See server_process.h.
#include "fuse/server_process.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "format/base/file.h"
#include "format/base/pipe.h"
#include "fuse/ending_signals.h"
#include "fuse/log.h"
#include "fuse/server.h"

namespace xaas {
namespace {

// How long a server may take to end its workers, to finish writing to the cache, and to unmount.
constexpr std::chrono::seconds kPatience(30);
constexpr std::chrono::seconds kPatienceKilled(5);

constexpr char kReady = '+';  // written by a server that is ready; anything else is the text of an error

Status redirect(const std::string& path, int flags, int target) {
  const Fd file(::open(path.c_str(), flags | O_CLOEXEC, 0666));
  if (!file.valid() || ::dup2(file.get(), target) < 0) return fail_errno(path + ": cannot write the log");
  return {};
}

// Makes standard error the log, $XAAS_LOG, or nothing. Until now it belonged to the process that started the mount.
// /.xaas/status has the log in any case.
Status redirect_log() {
  const char* path = std::getenv("XAAS_LOG");  // NOLINT(concurrency-mt-unsafe): one thread still
  if (path != nullptr && *path != '\0') return redirect(path, O_WRONLY | O_CREAT | O_APPEND, STDERR_FILENO);
  return redirect("/dev/null", O_WRONLY, STDERR_FILENO);
}

Status leave_terminal() {
  XAAS_TRY(redirect("/dev/null", O_RDONLY, STDIN_FILENO));
  XAAS_TRY(redirect("/dev/null", O_WRONLY, STDOUT_FILENO));
  XAAS_TRY(redirect_log());
  if (::chdir("/") != 0) return fail_errno("cannot change to /");
  return {};
}

Status prepare(Lifetime lifetime, pid_t parent) {
  prepare_signals();  // before a signal can say that the parent has ended
  ::setsid();         // the terminal's signals are for the command, not for its file system
  if (lifetime == Lifetime::detached) return {};
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != parent) return fail(Code::interrupted, "the command ended before it began");
  return {};
}

Status serve(const MountRequest& request, Lifetime lifetime, pid_t parent, Fd ready) {
  XAAS_TRY(prepare(lifetime, parent));
  const bool detached = lifetime == Lifetime::detached;
  const auto verbosity = detached ? Log::Verbosity::everything : Log::Verbosity::warnings;
  XAAS_ASSIGN(const std::unique_ptr<Server> server, Server::create(request.image, request.options, verbosity));
  XAAS_TRY(server->mount(request.mountpoint));
  if (detached) XAAS_TRY(leave_terminal());
  XAAS_TRY(write_all(ready.get(), std::string_view(&kReady, 1)));
  ready = Fd();
  return server->serve();
}

[[noreturn]] void run_server(const MountRequest& request, Lifetime lifetime, pid_t parent, Fd ready) {
  // This copy of the pipe's end stays open for the text of an error. serve() closes its own copy when it is ready.
  Fd errors(::fcntl(ready.get(), F_DUPFD_CLOEXEC, 0));
  const Status served = serve(request, lifetime, parent, std::move(ready));
  if (!served) (void)write_all(errors.get(), served.error().message);
  std::_Exit(served ? 0 : 1);
}

// Waits until the child has ended, but no longer than `limit`. Returns whether it has ended. REQUIRES: SIGCHLD is
// blocked.
bool ends_within(pid_t child, std::chrono::seconds limit) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGCHLD);
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (true) {
    if (::waitpid(child, nullptr, WNOHANG) != 0) return true;
    const auto left = deadline - std::chrono::steady_clock::now();
    if (left.count() <= 0) return false;
    const timespec at_most{std::chrono::duration_cast<std::chrono::seconds>(left).count(),
                           (std::chrono::nanoseconds(left) % std::chrono::seconds(1)).count()};
    ::sigtimedwait(&signals, nullptr, &at_most);
  }
}

Status end_child(pid_t server) {
  ::kill(server, SIGTERM);
  if (ends_within(server, kPatience)) return {};
  ::kill(server, SIGKILL);
  if (ends_within(server, kPatienceKilled)) return fail(Code::failed, "the server of the mount had to be killed");
  return fail(Code::failed, "the server of the mount, process {}, cannot be ended", server);
}

}  // namespace

Status serve_in_foreground(const MountRequest& request) {
  prepare_signals();
  XAAS_ASSIGN(const std::unique_ptr<Server> server,
              Server::create(request.image, request.options, Log::Verbosity::everything));
  XAAS_TRY(server->mount(request.mountpoint));
  return server->serve();
}

Result<pid_t> start_server(const MountRequest& request, Lifetime lifetime) {
  XAAS_ASSIGN(Pipe pipe, make_pipe());
  const pid_t parent = ::getpid();
  const pid_t server = ::fork();
  if (server < 0) return fail_errno("cannot start a process");
  if (server == 0) {
    pipe.read = Fd();
    run_server(request, lifetime, parent, std::move(pipe.write));
  }
  pipe.write = Fd();
  char first = 0;
  ssize_t count = 0;
  do {
    count = ::read(pipe.read.get(), &first, 1);
  } while (count < 0 && errno == EINTR);
  if (count == 1 && first == kReady) return server;
  std::string message(&first, count == 1 ? 1 : 0);
  message += read_fd(pipe.read.get()).value_or(std::string());
  ::waitpid(server, nullptr, 0);
  if (message.empty()) message = "the server of the mount died before it was ready";
  return fail(Code::failed, "{}", message);
}

Status end_server(pid_t server) {
  sigset_t signals;
  sigset_t before;
  sigemptyset(&signals);
  sigaddset(&signals, SIGCHLD);
  pthread_sigmask(SIG_BLOCK, &signals, &before);
  Status ended = end_child(server);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return ended;
}

}  // namespace xaas
