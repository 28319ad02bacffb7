// Says why something is not lowered, for people and for the report.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "mkimage/contents/image_contents.h"

namespace xaas {

// The reason for an input that is not part of the project, such as a crt file or a static library of the system.
inline constexpr std::string_view kNotOfTheProject = "not a part of the project";

// As many bytes of a reason or a name are shown. A compiler or a project may have written it.
inline constexpr std::size_t kMostReasonBytes = 120;

// The reason why an input of a link is linked as it is. `name` is what the recipe or the link calls the input.
std::string native_reason(const Digest& object, std::string_view name, const ConfigurationContents& configuration,
                          const CanonicalStore& canonical);

// Returns a line for each reason why programs have no recipe, then a line for each reason why units of the project stay
// native. Each line has a count and an example, and the most frequent reason comes first. If there are too many lines,
// the last one says where the others are.
std::vector<std::string> describe_native(const ImageContents& contents);

}  // namespace xaas
