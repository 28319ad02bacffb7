// Paths in an image, as text: what Linux can open, and how they are compared.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace xaas {

// In bytes. Longer ones could be stored but never opened.
inline constexpr std::size_t kMaxName = 255;
inline constexpr std::size_t kMaxPath = 4095;  // also of a symbolic link's target

// Whether `path` has no empty, "." or ".." component, so no '/' at either end; "" has an empty one.
bool is_normal(std::string_view path);

// `path` without '/' at its ends and with one where there were several; "" is the root.
std::string without_extra_slashes(std::string_view path);

// Whether `path` lies below `directory`; both are normal.
bool is_below(std::string_view path, std::string_view directory);

}  // namespace xaas
