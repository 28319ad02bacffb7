// The devices of this host that a configuration may require. Implements spec/lowering.md, section "Choosing a
// configuration".
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace xaas {

// The devices out of kDevices that this host has, sorted. They are recognised by the PCI vendor and class that hwloc
// finds, and by what drivers offer.
std::vector<std::string> host_devices();

// The device out of kDevices that a PCI device with this vendor and class (base class and subclass) is; empty if it is
// no GPU that is known.
std::string_view gpu_of(unsigned vendor, unsigned pci_class);

}  // namespace xaas
