// Describes this host by means of hwloc; see host.h.
#include "lower/host.h"

#include <fcntl.h>
#include <hwloc.h>
#include <sched.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <memory>
#include <sstream>

#include "format/base/file.h"
#include "format/base/process.h"
#include "lower/cgroup.h"
#include "lower/gpus.h"
#include "lower/topology.h"

namespace xaas {
namespace {

unsigned count(hwloc_topology_t topology, hwloc_obj_type_t type) {
  return static_cast<unsigned>(std::max(1, hwloc_get_nbobjs_by_type(topology, type)));
}

std::vector<std::uint64_t> cache_sizes(hwloc_topology_t topology) {
  std::vector<std::uint64_t> sizes;
  for (const hwloc_obj_type_t type : {HWLOC_OBJ_L1CACHE, HWLOC_OBJ_L2CACHE, HWLOC_OBJ_L3CACHE}) {
    const hwloc_obj_t cache = hwloc_get_obj_by_type(topology, type, 0);
    if (cache != nullptr) sizes.push_back(cache->attr->cache.size);
  }
  return sizes;
}

std::string processor_model(hwloc_topology_t topology) {
  hwloc_obj_t package = hwloc_get_obj_by_type(topology, HWLOC_OBJ_PACKAGE, 0);
  if (package == nullptr) package = hwloc_get_root_obj(topology);
  const char* model = hwloc_obj_get_info_by_name(package, "CPUModel");
  return model == nullptr ? "" : model;
}

unsigned affinity_count() {
  // The set grows until the kernel's mask fits.
  for (std::size_t cpus = CPU_SETSIZE; cpus <= CPU_SETSIZE * 64; cpus *= 2) {
    const auto free_set = [](cpu_set_t* set) { CPU_FREE(set); };
    const std::unique_ptr<cpu_set_t, decltype(free_set)> set(CPU_ALLOC(cpus), free_set);
    const std::size_t size = CPU_ALLOC_SIZE(cpus);
    if (set != nullptr && sched_getaffinity(0, size, set.get()) == 0) {
      return static_cast<unsigned>(CPU_COUNT_S(size, set.get()));
    }
  }
  return 1;
}

std::string kernel_name() {
  struct utsname name{};
  return uname(&name) == 0 ? fmt::format("{} {}", name.sysname, name.release) : "";
}

// The child does nothing but system calls, so it does not matter which locks other threads hold.
bool can_make_user_namespace() {
  const pid_t child = fork();
  if (child == 0) _exit(unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0 ? 0 : 1);
  if (child < 0) return false;
  const auto status = wait_for(child);
  return status && status->ok();
}

}  // namespace

Result<Host> describe_host() {
  XAAS_ASSIGN(const Topology topology, load_topology());
  Host host;
  host.model = processor_model(topology.get());
  host.cores = count(topology.get(), HWLOC_OBJ_CORE);
  host.threads = count(topology.get(), HWLOC_OBJ_PU);
  host.numa_nodes = count(topology.get(), HWLOC_OBJ_NUMANODE);
  host.cache_bytes = cache_sizes(topology.get());
  host.memory_bytes = hwloc_get_root_obj(topology.get())->total_memory;
  XAAS_ASSIGN(host.target, resolve_target(host_triple(), {}));
  host.devices = devices_of_host();
  host.kernel = kernel_name();
  host.fuse = Fd(open("/dev/fuse", O_RDWR | O_CLOEXEC)).valid();
  host.user_namespaces = can_make_user_namespace();
  return host;
}

unsigned usable_cores() {
  const unsigned cpus = std::max(1U, affinity_count());
  const auto limit = cgroup_cpu_limit("/proc/self/cgroup", "/sys/fs/cgroup");
  if (!limit || *limit >= cpus) return cpus;
  return std::max(1U, static_cast<unsigned>(std::ceil(*limit)));
}

std::uint64_t available_memory() {
  constexpr std::uint64_t kUnknown = 2ULL << 30;
  std::uint64_t bytes = kUnknown;
  std::istringstream lines(read_file("/proc/meminfo", 64 << 10).value_or(""));
  for (std::string line; std::getline(lines, line);) {
    unsigned long kibibytes = 0;
    if (std::sscanf(line.c_str(), "MemAvailable: %lu", &kibibytes) == 1) bytes = std::uint64_t{kibibytes} << 10;
  }
  return std::min(bytes, cgroup_memory_room("/proc/self/cgroup", "/sys/fs/cgroup").value_or(bytes));
}

}  // namespace xaas
