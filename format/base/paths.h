// Paths in an image, as text: which of them Linux can open, and how they are compared.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace xaas {

// Limits in bytes. An image could store longer names and paths, but Linux could not open them.
inline constexpr std::size_t kMaxName = 255;
inline constexpr std::size_t kMaxPath = 4095;  // also for the target of a symbolic link

// Whether `path` has no empty, "." or ".." component, and thus no '/' at either end. "" has an empty component.
bool is_normal(std::string_view path);

// `path` without '/' at its ends, and with one '/' where there were several. "" is the root.
std::string without_extra_slashes(std::string_view path);

// Whether `path` lies below `directory`; both are normal.
bool is_below(std::string_view path, std::string_view directory);

}  // namespace xaas
