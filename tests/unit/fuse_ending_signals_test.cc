// The signals that end a mount, each in a process of its own. Their settings before must not matter.
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <cstdlib>
#include <future>

#include "fuse/ending_signals.h"

namespace xaas {
namespace {

constexpr int kEnded = 7;

// Returns the status of a child that runs `before` and then gets `signal`.
int status_after(int signal, void (*before)(int signal)) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(30);
    before(signal);
    prepare_signals();
    std::promise<void> ended;
    {
      const EndingSignals signals([&] { ended.set_value(); });
      ::kill(::getpid(), signal);
      ended.get_future().wait();
    }
    std::_Exit(kEnded);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

TEST_CASE("each signal that ends a mount does so, also where it was ignored or blocked") {
  const int signal = GENERATE(SIGHUP, SIGINT, SIGTERM);
  CHECK(status_after(signal, [](int) {}) == kEnded);
  CHECK(status_after(signal, [](int number) { ::signal(number, SIG_IGN); }) == kEnded);
  CHECK(status_after(signal, [](int number) {
          sigset_t signals;
          sigemptyset(&signals);
          sigaddset(&signals, number);
          pthread_sigmask(SIG_BLOCK, &signals, nullptr);
        }) == kEnded);
}

TEST_CASE("without a signal the wait for one ends when it is not needed any more") {
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(30);
    prepare_signals();
    int calls = 0;
    {
      const EndingSignals signals([&] { ++calls; });
    }
    std::_Exit(calls);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK((WIFEXITED(status) && WEXITSTATUS(status) == 0));
}

}  // namespace
}  // namespace xaas
