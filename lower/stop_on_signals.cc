// See stop_on_signals.h.
#include "lower/stop_on_signals.h"

#include <pthread.h>

namespace xaas {

StopOnSignals::StopOnSignals() {
  sigemptyset(&signals_);
  for (const int number : {SIGINT, SIGTERM, SIGUSR1}) sigaddset(&signals_, number);
  pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
  waiter_ = std::jthread([this](const std::stop_token& over) { wait(over); });
}

StopOnSignals::~StopOnSignals() {
  waiter_.request_stop();
  pthread_kill(waiter_.native_handle(), SIGUSR1);
}

void StopOnSignals::wait(const std::stop_token& over) {
  int number = 0;
  while (!over.stop_requested()) {
    if (sigwait(&signals_, &number) == 0 && number != SIGUSR1) stop_.request_stop();
  }
}

}  // namespace xaas
