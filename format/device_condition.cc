// See device_condition.h.
#include "format/device_condition.h"

#include <algorithm>
#include <optional>

#include "format/base/text.h"
#include "format/base/version_number.h"
#include "format/manifest.h"

namespace xaas {
namespace {

constexpr std::string_view kAtLeast = ">=";
constexpr std::string_view kArchitectureStart = "sm_";

// The version in the value of a property: "90" in "sm_90" of kNvidiaGpu. Empty if it is no value of the property.
std::string_view version_in(std::string_view name, std::string_view value) {
  const bool is_gpu = name == kNvidiaGpu;
  if (is_gpu ? !value.starts_with(kArchitectureStart) : name != kNvidiaDriver) return {};
  if (is_gpu) value.remove_prefix(kArchitectureStart.size());
  const bool is_version = leading_version(value) == value && !(is_gpu && value.find('.') != std::string_view::npos);
  return is_version ? value : std::string_view();
}

struct Condition {
  std::string_view name;
  std::string_view least;
};

std::optional<Condition> parse_condition(std::string_view text) {
  const std::size_t at = text.find(kAtLeast);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view name = text.substr(0, at);
  const std::string_view least = version_in(name, text.substr(at + kAtLeast.size()));
  return least.empty() ? std::nullopt : std::optional(Condition{name, least});
}

}  // namespace

bool is_known_device(std::string_view required) {
  return is_in(kDevices, required) || parse_condition(required).has_value();
}

bool has_device(const std::vector<std::string>& devices, std::string_view required) {
  const auto condition = parse_condition(required);
  if (!condition) {
    return is_in(kDevices, required) && is_in(devices, required);
  }
  const std::vector<std::string> values = device_properties(devices, condition->name);
  return std::ranges::any_of(values, [&](const std::string& value) {
    const std::string_view version = version_in(condition->name, value);
    return !version.empty() && is_at_least(version, condition->least);
  });
}

std::vector<std::string> device_properties(const std::vector<std::string>& devices, std::string_view name) {
  std::vector<std::string> values;
  for (const std::string& device : devices) {
    const std::size_t equals = device.find('=');
    if (equals == std::string::npos || std::string_view(device).substr(0, equals) != name) continue;
    values.push_back(device.substr(equals + 1));
  }
  return values;
}

}  // namespace xaas
