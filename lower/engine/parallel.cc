// See parallel.h.
#include "lower/engine/parallel.h"

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

namespace xaas {

Status for_each_parallel(std::size_t count, unsigned threads, const std::function<Status(std::size_t)>& work) {
  std::vector<Status> results(count);
  std::atomic<std::size_t> next = 0;
  const auto run = [&] {
    for (std::size_t i = next++; i < count; i = next++) results[i] = work(i);
  };
  {
    std::vector<std::jthread> helpers;
    for (std::size_t i = 1; i < std::min<std::size_t>(threads, count); i++) helpers.emplace_back(run);
    run();
  }
  for (Status& result : results) XAAS_TRY(result);
  return {};
}

}  // namespace xaas
