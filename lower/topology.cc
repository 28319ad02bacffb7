// See topology.h.
#include "lower/topology.h"

#include <array>

namespace xaas {
namespace {

// Components of hwloc that are switched off. Some start the drivers' own libraries. Others move the calling thread from
// CPU to CPU to ask each. Linux knows everything that is used here.
constexpr auto kNotAsked =
    std::to_array<const char*>({"cuda", "gl", "levelzero", "nvml", "opencl", "pci", "rsmi", "x86"});

}  // namespace

Result<Topology> load_topology() {
  hwloc_topology_t raw = nullptr;
  if (hwloc_topology_init(&raw) != 0) return fail_errno("cannot describe this host (hwloc)");
  Topology topology(raw);
  for (const char* component : kNotAsked) {
    hwloc_topology_set_components(raw, HWLOC_TOPOLOGY_COMPONENTS_FLAG_BLACKLIST, component);
  }
  hwloc_topology_set_io_types_filter(raw, HWLOC_TYPE_FILTER_KEEP_ALL);
  if (hwloc_topology_load(raw) != 0) return fail_errno("cannot describe this host (hwloc)");
  return topology;
}

}  // namespace xaas
