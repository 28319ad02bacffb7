// The devices of this host that a configuration may require. Implements spec/lowering.md, section "Choosing a
// configuration".
#pragma once

#include <string>
#include <vector>

namespace xaas {

// The devices out of kDevices that this host has, sorted. They are recognised by the PCI vendor and class that hwloc
// finds, and by what drivers offer.
std::vector<std::string> host_devices();

}  // namespace xaas
