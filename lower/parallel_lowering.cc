// See parallel_lowering.h.
#include "lower/parallel_lowering.h"

#include <algorithm>
#include <atomic>
#include <thread>

#include "lower/host.h"

namespace xaas {
namespace {

// The most workers at a time. More of them take memory and gain little, since each worker uses all threads.
constexpr unsigned kMostWorkers = 4;

}  // namespace

void lower_several(const Lowerer& lowerer, std::vector<const FileRecord*> records, unsigned jobs,
                   const std::stop_token& stop, const LowerDone& done, const LowerAdvance& advance) {
  std::ranges::sort(records, std::ranges::greater(), &FileRecord::size);
  std::atomic<std::size_t> next = 0;
  const auto work = [&] {
    for (std::size_t i = next++; i < records.size() && !stop.stop_requested(); i = next++) {
      const auto report = [&](const ModuleCount& modules) { advance(*records[i], modules); };
      done(*records[i], lowerer.lower(*records[i], stop, advance ? ModuleReport(report) : ModuleReport()));
    }
  };
  const unsigned threads_of_one = jobs != 0 ? jobs : usable_cores();
  const std::size_t workers = std::min<std::size_t>({records.size(), threads_of_one, kMostWorkers});
  std::vector<std::jthread> threads;
  threads.reserve(workers);
  for (std::size_t i = 0; i < workers; ++i) threads.emplace_back(work);
}

}  // namespace xaas
