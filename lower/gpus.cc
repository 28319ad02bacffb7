// See gpus.h.
#include "lower/gpus.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <chrono>
#include <cstdlib>
#include <iterator>
#include <optional>
#include <set>
#include <string_view>

#include "format/base/file.h"
#include "format/base/process.h"
#include "format/base/sort_unique.h"
#include "format/base/split.h"
#include "format/base/version_number.h"
#include "format/device_condition.h"
#include "lower/bounded_run.h"
#include "lower/devices.h"

namespace xaas {
namespace {

namespace fs = std::filesystem;
constexpr std::uint64_t kSmallFile = 1 << 20;
constexpr const char* kSmi = "nvidia-smi";
constexpr auto kSmiLimit = std::chrono::seconds(10);

// Device ids of PCI from `first` to `last`. NVIDIA gives each chip a range of its own.
struct IdRange {
  unsigned first;
  unsigned last;
  std::string_view architecture;
};
constexpr auto kNvidiaChips = std::to_array<IdRange>({
    {0x15f0, 0x15ff, "sm_60"},   // GP100
    {0x1b00, 0x1d7f, "sm_61"},   // GP102 to GP108
    {0x1d80, 0x1dff, "sm_70"},   // GV100
    {0x1e00, 0x1fff, "sm_75"},   // TU102 to TU117
    {0x2080, 0x20ff, "sm_80"},   // GA100
    {0x2180, 0x21ff, "sm_75"},   // TU116
    {0x2200, 0x22ff, "sm_86"},   // GA102
    {0x2300, 0x23ff, "sm_90"},   // GH100
    {0x2400, 0x25ff, "sm_86"},   // GA103 to GA107
    {0x2600, 0x28ff, "sm_89"},   // AD102 to AD107
    {0x2900, 0x29ff, "sm_100"},  // GB100
    {0x2b00, 0x2b7f, "sm_110"},  // GB10B
    {0x2b80, 0x2dff, "sm_120"},  // GB202, GB203, GB206, GB207
    {0x2e00, 0x2eff, "sm_121"},  // GB20B
    {0x2f00, 0x2fff, "sm_120"},  // GB205
    {0x3180, 0x31ff, "sm_103"},  // GB110
});

unsigned long number(std::string_view text, int base) { return std::strtoul(std::string(text).c_str(), nullptr, base); }

// The value behind "key" at the beginning of a line; empty if there is none.
std::string value_of(std::string_view text, std::string_view key) {
  std::string value;
  for_each_piece(text, '\n', [&](std::string_view line) {
    if (!line.starts_with(key)) return;
    line.remove_prefix(key.size());
    line.remove_prefix(std::min(line.find_first_not_of(": \t"), line.size()));
    value = line;
  });
  return value;
}

// "sm_90" for "9.0", as nvidia-smi writes it; empty for anything else.
std::string architecture_of_capability(std::string_view capability) {
  const auto is_number = [](std::string_view text) {
    return !text.empty() && text.size() <= 3 && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
  };
  const std::size_t point = capability.find('.');
  if (point == std::string_view::npos) return {};
  const std::string_view major = capability.substr(0, point);
  const std::string_view minor = capability.substr(point + 1);
  return is_number(major) && is_number(minor) && minor.size() == 1 ? fmt::format("sm_{}{}", major, minor) : "";
}

std::string without_spaces(std::string_view text) {
  std::string result;
  std::ranges::copy_if(text, std::back_inserter(result), [](char c) { return c != ' ' && c != '\r'; });
  return result;
}

// What nvidia-smi says of a GPU.
struct SmiGpu {
  std::string address;  // as in Gpu
  std::string architecture;
};

// "0000:3b:00.0" for "00000000:3B:00.0", as nvidia-smi writes it; empty for anything else.
std::string address_of(std::string text) {
  const std::size_t domain = text.find(':');
  if (domain == std::string::npos) return {};
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return fmt::format("{:04x}{}", number(text.substr(0, domain), 16), text.substr(domain));
}

std::vector<SmiGpu> parse_smi(std::string_view text) {
  std::vector<SmiGpu> gpus;
  for_each_piece(text, '\n', [&](std::string_view line) {
    const std::vector<std::string_view> parts = split(line, ',');
    if (parts.size() != 2) return;
    SmiGpu gpu{address_of(without_spaces(parts[0])), architecture_of_capability(without_spaces(parts[1]))};
    if (!gpu.address.empty() && !gpu.architecture.empty()) gpus.push_back(std::move(gpu));
  });
  return gpus;
}

// Asks the nvidia-smi of PATH, which comes with the driver. Empty if there is none, or if it does not answer in time.
std::vector<SmiGpu> ask_smi(const Surroundings& surroundings) {
  for (const fs::path& directory : surroundings.directories("PATH")) {
    const fs::path program = surroundings.at(directory / kSmi);
    if (!is_program(program)) continue;
    const auto text =
        bounded_run({program.string(), "--query-gpu=pci.bus_id,compute_cap", "--format=csv,noheader"}, {}, kSmiLimit);
    return text ? parse_smi(*text) : std::vector<SmiGpu>();
  }
  return {};
}

// The same, asked once for this machine: a driver without a running process takes seconds to answer.
std::vector<SmiGpu> smi_gpus(const Surroundings& surroundings) {
  if (surroundings.root != "/") return ask_smi(surroundings);
  static const std::vector<SmiGpu> gpus = ask_smi(surroundings);
  return gpus;
}

// For GPUs that are newer than the table of ids, and those that only the driver shows.
void add_missing_architectures(const Surroundings& surroundings, std::vector<Gpu>& gpus) {
  const auto lacks = [](const Gpu& gpu) {
    return gpu.device == kNvidiaGpu && gpu.driver == "nvidia" && gpu.architecture.empty();
  };
  if (std::ranges::none_of(gpus, lacks)) return;
  const std::vector<SmiGpu> known = smi_gpus(surroundings);
  for (Gpu& gpu : gpus) {
    if (!lacks(gpu)) continue;
    const auto found = std::ranges::find(known, gpu.address, &SmiGpu::address);
    if (found != known.end()) gpu.architecture = found->architecture;
  }
}

std::string driver_version(const Surroundings& surroundings, const std::string& driver) {
  if (driver == "nvidia") {
    return first_version(first_line_of(surroundings.at("/proc/driver/nvidia/version")));
  }
  return driver.empty() ? "" : first_line_of(surroundings.at("/sys/module/" + driver + "/version"));
}

std::optional<Gpu> pci_gpu(const Surroundings& surroundings, const std::string& address) {
  const fs::path directory = surroundings.at("/sys/bus/pci/devices/" + address);
  const auto vendor = static_cast<unsigned>(number(first_line_of(directory / "vendor"), 16));
  const auto pci_class = static_cast<unsigned>(number(first_line_of(directory / "class"), 16));
  Gpu gpu;
  gpu.device = gpu_of(vendor, pci_class >> 8);
  if (gpu.device.empty()) return std::nullopt;
  const auto device = static_cast<unsigned>(number(first_line_of(directory / "device"), 16));
  gpu.address = address;
  gpu.id = fmt::format("{:04x}:{:04x}", vendor, device);
  std::error_code error;
  gpu.driver = fs::read_symlink(directory / "driver", error).filename().string();
  gpu.driver_version = driver_version(surroundings, gpu.driver);
  if (gpu.device == "nvidia-gpu") gpu.architecture = nvidia_architecture(device);
  return gpu;
}

// The GPU at the address, which is added if the PCI bus does not show it, as in some containers.
Gpu& gpu_at(std::vector<Gpu>& gpus, const std::string& address, std::string_view device, std::string_view driver) {
  const auto found = std::ranges::find(gpus, address, &Gpu::address);
  if (found != gpus.end()) return *found;
  Gpu& gpu = gpus.emplace_back();
  gpu.device = device;
  gpu.address = address;
  gpu.driver = driver;
  return gpu;
}

void add_nvidia_models(const Surroundings& surroundings, std::vector<Gpu>& gpus) {
  const fs::path directory = surroundings.at("/proc/driver/nvidia/gpus");
  for (const std::string& address : names_in(directory)) {
    const auto text = read_file(directory / address / "information", kSmallFile);
    if (!text) continue;
    Gpu& gpu = gpu_at(gpus, address, "nvidia-gpu", "nvidia");
    gpu.model = value_of(*text, "Model");
    gpu.driver_version = driver_version(surroundings, gpu.driver);
  }
}

// KFD writes gfx90a as 90010: two digits each for the minor version and the stepping, in decimal.
std::string amd_architecture(unsigned long version) {
  return version == 0 ? "" : fmt::format("gfx{}{:x}{:x}", version / 10000, version / 100 % 100, version % 100);
}

void add_amd_architectures(const Surroundings& surroundings, std::vector<Gpu>& gpus) {
  const fs::path directory = surroundings.at("/sys/class/kfd/kfd/topology/nodes");
  for (const std::string& node : names_in(directory)) {
    const auto text = read_file(directory / node / "properties", kSmallFile);
    const std::string architecture = text ? amd_architecture(number(value_of(*text, "gfx_target_version "), 10)) : "";
    if (architecture.empty()) continue;  // a node of processors
    const unsigned long location = number(value_of(*text, "location_id "), 10);
    const unsigned long domain = number(value_of(*text, "domain "), 10);
    const std::string address =
        fmt::format("{:04x}:{:02x}:{:02x}.{}", domain, location >> 8 & 0xff, location >> 3 & 0x1f, location & 7);
    Gpu& gpu = gpu_at(gpus, address, "amd-gpu", "amdgpu");
    gpu.architecture = architecture;
    gpu.driver_version = driver_version(surroundings, gpu.driver);
    if (gpu.model.empty()) gpu.model = first_line_of(directory / node / "name");
  }
}

}  // namespace

std::string nvidia_architecture(unsigned device_id) {
  for (const IdRange& range : kNvidiaChips) {
    if (device_id >= range.first && device_id <= range.last) return std::string(range.architecture);
  }
  return {};
}

std::vector<Gpu> find_gpus(const Surroundings& surroundings) {
  std::vector<Gpu> gpus;
  for (const std::string& address : names_in(surroundings.at("/sys/bus/pci/devices"))) {
    if (auto gpu = pci_gpu(surroundings, address)) gpus.push_back(std::move(*gpu));
  }
  add_nvidia_models(surroundings, gpus);
  add_missing_architectures(surroundings, gpus);
  add_amd_architectures(surroundings, gpus);
  std::ranges::sort(gpus, {}, &Gpu::address);
  return gpus;
}

std::vector<std::string> nvidia_devices(const Surroundings& surroundings) {
  std::set<std::string> devices;
  for (const Gpu& gpu : find_gpus(surroundings)) {
    if (gpu.device != kNvidiaGpu) continue;
    devices.insert(gpu.device);
    if (!gpu.architecture.empty()) devices.insert(fmt::format("{}={}", kNvidiaGpu, gpu.architecture));
    if (!gpu.driver_version.empty()) devices.insert(fmt::format("{}={}", kNvidiaDriver, gpu.driver_version));
  }
  return {devices.begin(), devices.end()};
}

std::vector<std::string> devices_of_host() {
  std::vector<std::string> devices = host_devices();
  std::ranges::move(nvidia_devices(surroundings_here()), std::back_inserter(devices));
  sort_unique(devices);
  return devices;
}

}  // namespace xaas
