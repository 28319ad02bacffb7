// How much CPU time and memory the control groups of this process allow. Knows versions 1 and 2.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

namespace xaas {

// The number of CPUs whose time this process may use. It is the strictest limit among the process's own group and the
// groups above it. Nullopt if there is no limit. `membership` is /proc/self/cgroup, and `mount` is /sys/fs/cgroup.
std::optional<double> cgroup_cpu_limit(const std::filesystem::path& membership, const std::filesystem::path& mount);

// Bytes that can still be allocated before one of these groups reaches its limit. File pages that the kernel can drop
// count as free. Nullopt if there is no limit.
std::optional<std::uint64_t> cgroup_memory_room(const std::filesystem::path& membership,
                                                const std::filesystem::path& mount);

}  // namespace xaas
