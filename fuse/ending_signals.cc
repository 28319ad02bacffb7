// See ending_signals.h.
#include "fuse/ending_signals.h"

#include <pthread.h>

#include <csignal>
#include <utility>

namespace xaas {
namespace {

constexpr int kEnding[] = {SIGHUP, SIGINT, SIGTERM};

sigset_t ending_set() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : kEnding) sigaddset(&signals, signal);
  return signals;
}

}  // namespace

void prepare_signals() {
  const sigset_t signals = ending_set();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);  // first, so that no signal comes between
  for (const int signal : kEnding) ::signal(signal, SIG_DFL);
  ::signal(SIGPIPE, SIG_IGN);
}

EndingSignals::EndingSignals(std::function<void()> end)
    : thread_([this, end = std::move(end)] {
        const sigset_t signals = ending_set();
        int signal = 0;
        sigwait(&signals, &signal);
        if (!over_) end();
      }) {}

EndingSignals::~EndingSignals() {
  over_ = true;
  pthread_kill(thread_.native_handle(), SIGTERM);
  thread_.join();
}

}  // namespace xaas
