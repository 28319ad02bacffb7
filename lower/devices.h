// The devices of this host that a configuration may require. Implements spec/lowering.md, section "Choosing a
// configuration".
#pragma once

#include <string>
#include <vector>

namespace xaas {

// Those of kDevices that this host has, by PCI vendor and class as hwloc finds them, and by what drivers offer. Sorted.
std::vector<std::string> host_devices();

}  // namespace xaas
