// hwloc's view of this host.
#pragma once

#include <hwloc.h>

#include <memory>

#include "format/base/error.h"

namespace xaas {

struct DestroyTopology {
  void operator()(hwloc_topology_t topology) const { hwloc_topology_destroy(topology); }
};
using Topology = std::unique_ptr<hwloc_topology, DestroyTopology>;

// Loads processors, caches, memory and devices as Linux knows them. Starts no driver's own library. Never null. If
// hwloc fails, the error has the code of errno.
Result<Topology> load_topology();

}  // namespace xaas
