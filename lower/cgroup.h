// How much CPU the control groups of this process allow, for choosing a number of threads. Knows versions 1 and 2.
#pragma once

#include <filesystem>
#include <optional>

namespace xaas {

// CPUs' worth of time, of the strictest group from the process's own up to the root. Nullopt: no limit.
// `membership`: /proc/self/cgroup; `mount`: /sys/fs/cgroup.
std::optional<double> cgroup_cpu_limit(const std::filesystem::path& membership, const std::filesystem::path& mount);

}  // namespace xaas
