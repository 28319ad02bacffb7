// Description of this host, by hwloc and LLVM: what `explain` prints and what a configuration is chosen by.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "format/base/error.h"
#include "lower/host_library.h"
#include "lower/target.h"

namespace xaas {

struct Host {
  std::string model;  // as the processor calls itself; empty where unknown
  unsigned cores = 1;
  unsigned threads = 1;
  unsigned numa_nodes = 1;
  std::vector<std::uint64_t> cache_bytes;  // L1d, L2, L3, as far as present
  std::uint64_t memory_bytes = 0;
  Target target;  // native
};

Result<Host> describe_host();

// Hardware threads this process may use: its affinity mask, which cpusets bound, and the quota of its control groups.
// At least 1.
unsigned usable_cores();

// Bytes that this process could allocate without others having to be swapped out, and within its control groups.
std::uint64_t available_memory();

}  // namespace xaas
