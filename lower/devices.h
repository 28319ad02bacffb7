// The devices of this host that a configuration may require. Implements spec/lowering.md, section "Choosing a
// configuration".
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace xaas {

// Names that a requirement may have, sorted.
std::span<const std::string_view> known_devices();

// Those that this host has, by PCI vendor and class as hwloc finds them, and by what drivers offer. Sorted.
std::vector<std::string> host_devices();

}  // namespace xaas
