// The GPUs of a system, as the kernel and the drivers show them in files. No driver's own library is loaded: where
// files do not tell the architecture of one of NVIDIA's GPUs, nvidia-smi is asked, in a process of its own. Implements
// spec/host.md, "What is on a system".
#pragma once

#include <string>
#include <vector>

#include "lower/surroundings.h"

namespace xaas {

struct Gpu {
  std::string device;          // one of kDevices: "nvidia-gpu"
  std::string address;         // on the PCI bus: "0000:3b:00.0"; empty if only the driver shows the GPU
  std::string id;              // vendor and device of PCI: "10de:2330"; empty if unknown
  std::string model;           // as the driver calls it; empty if unknown
  std::string architecture;    // as compilers call it: "sm_90", "gfx90a"; empty if unknown
  std::string driver;          // the kernel's driver that has taken it; empty: none has
  std::string driver_version;  // empty if unknown
};

// In the order of their addresses. Reads /sys/bus/pci, /proc/driver/nvidia, and KFD's nodes in /sys/class/kfd. Runs
// nvidia-smi only for a GPU that NVIDIA's driver has taken and whose architecture does not follow from its id. For this
// machine it runs once in a process, for 10 seconds at most.
std::vector<Gpu> find_gpus(const Surroundings& surroundings);

// NVIDIA's GPUs as devices with their properties, sorted: "nvidia-gpu", "nvidia-gpu=sm_90" for each architecture, and
// "nvidia-driver=580.65.06". Reads a few small files.
std::vector<std::string> nvidia_devices(const Surroundings& surroundings);

// The devices of this host that configurations may require, sorted: those of host_devices() and nvidia_devices().
std::vector<std::string> devices_of_host();

// The architecture of NVIDIA's GPUs with this device id of PCI: "sm_90"; empty if it is not in the table.
std::string nvidia_architecture(unsigned device_id);

}  // namespace xaas
