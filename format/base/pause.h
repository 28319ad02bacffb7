// A pause that ends early when a thread is asked to stop.
#pragma once

#include <chrono>
#include <stop_token>

namespace xaas {

// Returns after `time`, or as soon as `stop` is requested. Thread-safe.
void pause_for(std::chrono::steady_clock::duration time, const std::stop_token& stop);

}  // namespace xaas
