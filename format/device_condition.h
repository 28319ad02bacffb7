// What a configuration may require of devices: that there is one, or that one is new enough. Implements spec/recipe.md,
// "Specialization points".
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace xaas {

// The devices on which there are conditions.
inline constexpr std::string_view kNvidiaGpu = "nvidia-gpu";
inline constexpr std::string_view kNvidiaDriver = "nvidia-driver";

// Whether this version knows what is required: one of kDevices, or a condition such as "nvidia-gpu>=sm_80" or
// "nvidia-driver>=550.54".
bool is_known_device(std::string_view required);

// Whether a host with these devices has what is required. The devices are those of kDevices, and properties such as
// "nvidia-gpu=sm_90" and "nvidia-driver=580.65.06". A condition is met if one device meets it. False if it is not
// known.
bool has_device(const std::vector<std::string>& devices, std::string_view required);

// The values of a property of the devices: "sm_90" of "nvidia-gpu=sm_90" for "nvidia-gpu".
std::vector<std::string> device_properties(const std::vector<std::string>& devices, std::string_view name);

}  // namespace xaas
