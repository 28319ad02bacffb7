// Describes this host by means of hwloc and LLVM. `explain` prints the description, and a configuration is chosen by
// it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "format/base/error.h"
#include "lower/target.h"

namespace xaas {

struct Host {
  std::string model;  // as the processor calls itself; empty if unknown
  unsigned cores = 1;
  unsigned threads = 1;
  unsigned numa_nodes = 1;
  std::vector<std::uint64_t> cache_bytes;  // L1d, L2, L3; only the levels that exist
  std::uint64_t memory_bytes = 0;
  Target target;                     // native
  std::vector<std::string> devices;  // devices_of_host()
  std::string kernel;                // "Linux 6.1.0-18-amd64"
  bool fuse = false;                 // whether this user can open /dev/fuse
  bool user_namespaces = false;      // whether this user can make a user namespace with mounts of its own
};

// Asks hwloc, LLVM and the kernel. Tries the user namespace in a child process.
Result<Host> describe_host();

// The number of hardware threads that this process may use, at least 1. The process's affinity mask (which cpusets
// bound) and the CPU quota of its control groups limit it.
unsigned usable_cores();

// Bytes that this process can allocate without making the kernel swap other processes out, and within the limits of its
// control groups.
std::uint64_t available_memory();

}  // namespace xaas
