// Reads cpu.max and memory.max (version 2), cpu.cfs_quota_us and memory.limit_in_bytes (version 1); see cgroup.h.
#include "lower/cgroup.h"

#include <algorithm>
#include <charconv>
#include <sstream>
#include <string>
#include <string_view>

#include "format/base/file.h"

namespace xaas {
namespace fs = std::filesystem;
namespace {

constexpr std::uint64_t kFileLimit = 64 << 10;

using ReadLimit = std::optional<double> (*)(const fs::path& group);

std::optional<double> parse_number(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || value <= 0) return std::nullopt;
  return value;
}

std::string first_word(const fs::path& path) {
  const auto text = read_file(path, kFileLimit);
  return text ? text->substr(0, text->find_first_of(" \n")) : "";
}

// "200000 100000" or "max 100000".
std::optional<double> limit_v2(const fs::path& group) {
  const auto text = read_file(group / "cpu.max", kFileLimit);
  if (!text) return std::nullopt;
  std::istringstream words(*text);
  std::string quota;
  std::string period;
  words >> quota >> period;
  const auto quota_us = parse_number(quota);
  const auto period_us = parse_number(period);
  if (!quota_us || !period_us) return std::nullopt;
  return *quota_us / *period_us;
}

std::optional<double> limit_v1(const fs::path& group) {
  const auto quota_us = parse_number(first_word(group / "cpu.cfs_quota_us"));
  const auto period_us = parse_number(first_word(group / "cpu.cfs_period_us"));
  if (!quota_us || !period_us) return std::nullopt;
  return *quota_us / *period_us;
}

// The strictest limit of `group` and the groups above it, up to `mount`.
std::optional<double> strictest(const fs::path& mount, fs::path group, ReadLimit read_limit) {
  std::optional<double> strictest_yet;
  for (;;) {
    const auto limit = read_limit(mount / group);
    if (limit && (!strictest_yet || *limit < *strictest_yet)) strictest_yet = limit;
    if (group.empty()) return strictest_yet;
    group = group.parent_path();
  }
}

bool names_controller(std::string_view controllers, std::string_view wanted) {
  while (!controllers.empty()) {
    const std::size_t comma = std::min(controllers.find(','), controllers.size());
    if (controllers.substr(0, comma) == wanted) return true;
    controllers.remove_prefix(std::min(comma + 1, controllers.size()));
  }
  return false;
}

// Bytes that the kernel counts for a group but would give up. The line in memory.stat is "inactive_file 4096".
double reclaimable(const fs::path& group, std::string_view name) {
  const auto text = read_file(group / "memory.stat", kFileLimit);
  if (!text) return 0;
  std::istringstream lines(*text);
  std::string key;
  double value = 0;
  while (lines >> key >> value) {
    if (key == name) return value;
  }
  return 0;
}

std::optional<double> room_in(const fs::path& group, const char* limit, const char* usage, std::string_view inactive) {
  const auto most = parse_number(first_word(group / limit));
  if (!most) return std::nullopt;
  const double used = parse_number(first_word(group / usage)).value_or(0) - reclaimable(group, inactive);
  return std::max(0.0, *most - std::max(0.0, used));
}

std::optional<double> room_v2(const fs::path& group) {
  return room_in(group, "memory.max", "memory.current", "inactive_file");
}

std::optional<double> room_v1(const fs::path& group) {
  return room_in(group, "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file");
}

// The strictest limit over all hierarchies that this process is in.
std::optional<double> strictest_limit(const fs::path& membership, const fs::path& mount, std::string_view controller,
                                      ReadLimit version_2, ReadLimit version_1) {
  const auto text = read_file(membership, kFileLimit);
  if (!text) return std::nullopt;
  std::istringstream lines(*text);
  std::optional<double> limit;
  for (std::string line; std::getline(lines, line);) {  // "hierarchy:controllers:/path"
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const fs::path group = fs::path(line.substr(second + 1)).relative_path();
    // A group outside this namespace's root is not visible.
    if (std::find(group.begin(), group.end(), "..") != group.end()) continue;
    std::optional<double> found;
    if (controllers.empty()) found = strictest(mount, group, version_2);
    if (names_controller(controllers, controller)) found = strictest(mount / controller, group, version_1);
    if (found && (!limit || *found < *limit)) limit = found;
  }
  return limit;
}

}  // namespace

std::optional<double> cgroup_cpu_limit(const fs::path& membership, const fs::path& mount) {
  return strictest_limit(membership, mount, "cpu", limit_v2, limit_v1);
}

std::optional<std::uint64_t> cgroup_memory_room(const fs::path& membership, const fs::path& mount) {
  const auto room = strictest_limit(membership, mount, "memory", room_v2, room_v1);
  if (!room) return std::nullopt;
  return static_cast<std::uint64_t>(*room);
}

}  // namespace xaas
