// See devices.h.
#include "lower/devices.h"

#include <hwloc.h>

#include <algorithm>
#include <array>
#include <set>
#include <string_view>

#include "lower/topology.h"

namespace xaas {
namespace {

constexpr unsigned kDisplayClass = 0x03;      // PCI's base class of display controllers
constexpr unsigned kAcceleratorClass = 0x12;  // PCI's base class of processing accelerators
struct Vendor {
  unsigned id;  // vendor id of PCI
  std::string_view device;
};
constexpr auto kGpus = std::to_array<Vendor>({{0x1002, "amd-gpu"}, {0x8086, "intel-gpu"}, {0x10de, "nvidia-gpu"}});

void add_gpus(hwloc_topology_t topology, std::set<std::string>& devices) {
  for (hwloc_obj_t object = hwloc_get_next_pcidev(topology, nullptr); object != nullptr;
       object = hwloc_get_next_pcidev(topology, object)) {
    const std::string_view gpu = gpu_of(object->attr->pcidev.vendor_id, object->attr->pcidev.class_id);
    if (!gpu.empty()) devices.emplace(gpu);
  }
}

void add_fabrics(hwloc_topology_t topology, std::set<std::string>& devices) {
  for (hwloc_obj_t object = hwloc_get_next_osdev(topology, nullptr); object != nullptr;
       object = hwloc_get_next_osdev(topology, object)) {
    if (object->attr->osdev.type == HWLOC_OBJ_OSDEV_OPENFABRICS) devices.emplace("infiniband");
  }
}

}  // namespace

std::string_view gpu_of(unsigned vendor, unsigned pci_class) {
  const unsigned base_class = pci_class >> 8;
  if (base_class != kDisplayClass && base_class != kAcceleratorClass) return {};
  const auto found = std::ranges::find(kGpus, vendor, &Vendor::id);
  return found == kGpus.end() ? std::string_view() : found->device;
}

std::vector<std::string> host_devices() {
  std::set<std::string> devices;
  const auto topology = load_topology();
  if (!topology) return {};
  add_gpus(topology->get(), devices);
  add_fabrics(topology->get(), devices);
  return {devices.begin(), devices.end()};
}

}  // namespace xaas
