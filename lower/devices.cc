// See devices.h.
#include "lower/devices.h"

#include <hwloc.h>

#include <array>
#include <memory>
#include <set>
#include <string_view>

namespace xaas {
namespace {

// Components of hwloc that start the drivers' own libraries, or ask every CPU in turn: Linux knows all that is used
// here.
constexpr auto kNotAsked =
    std::to_array<const char*>({"cuda", "gl", "levelzero", "nvml", "opencl", "pci", "rsmi", "x86"});

constexpr unsigned kDisplayClass = 0x03;      // PCI's base class of display controllers
constexpr unsigned kAcceleratorClass = 0x12;  // and of processing accelerators
struct Vendor {
  unsigned id;  // PCI's
  std::string_view device;
};
constexpr auto kGpus = std::to_array<Vendor>({{0x1002, "amd-gpu"}, {0x8086, "intel-gpu"}, {0x10de, "nvidia-gpu"}});

void add_gpus(hwloc_topology_t topology, std::set<std::string>& devices) {
  for (hwloc_obj_t object = hwloc_get_next_pcidev(topology, nullptr); object != nullptr;
       object = hwloc_get_next_pcidev(topology, object)) {
    const unsigned base_class = object->attr->pcidev.class_id >> 8;
    if (base_class != kDisplayClass && base_class != kAcceleratorClass) continue;
    for (const Vendor& vendor : kGpus) {
      if (vendor.id == object->attr->pcidev.vendor_id) devices.emplace(vendor.device);
    }
  }
}

void add_fabrics(hwloc_topology_t topology, std::set<std::string>& devices) {
  for (hwloc_obj_t object = hwloc_get_next_osdev(topology, nullptr); object != nullptr;
       object = hwloc_get_next_osdev(topology, object)) {
    if (object->attr->osdev.type == HWLOC_OBJ_OSDEV_OPENFABRICS) devices.emplace("infiniband");
  }
}

}  // namespace

std::vector<std::string> host_devices() {
  std::set<std::string> devices;
  hwloc_topology_t raw = nullptr;
  if (hwloc_topology_init(&raw) != 0) return {};
  const std::unique_ptr<hwloc_topology, decltype(&hwloc_topology_destroy)> topology(raw, hwloc_topology_destroy);
  for (const char* component : kNotAsked) {
    hwloc_topology_set_components(raw, HWLOC_TOPOLOGY_COMPONENTS_FLAG_BLACKLIST, component);
  }
  hwloc_topology_set_all_types_filter(raw, HWLOC_TYPE_FILTER_KEEP_NONE);
  hwloc_topology_set_io_types_filter(raw, HWLOC_TYPE_FILTER_KEEP_ALL);
  if (hwloc_topology_load(raw) == 0) {
    add_gpus(raw, devices);
    add_fabrics(raw, devices);
  }
  return {devices.begin(), devices.end()};
}

}  // namespace xaas
