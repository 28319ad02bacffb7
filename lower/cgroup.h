// How much CPU and memory the control groups of this process allow. Knows versions 1 and 2.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

namespace xaas {

// CPUs' worth of time, of the strictest group from the process's own up to the root. Nullopt: no limit.
// `membership`: /proc/self/cgroup; `mount`: /sys/fs/cgroup.
std::optional<double> cgroup_cpu_limit(const std::filesystem::path& membership, const std::filesystem::path& mount);

// Bytes that can still be allocated before one of these groups reaches its limit; what the kernel can drop of the files
// in memory counts as free. Nullopt: no limit.
std::optional<std::uint64_t> cgroup_memory_room(const std::filesystem::path& membership,
                                                const std::filesystem::path& mount);

}  // namespace xaas
