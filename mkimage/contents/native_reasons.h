// Why something is not lowered, for people and for the report.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "mkimage/contents/image_contents.h"

namespace xaas {

// Of an input that is no part of the project, such as a crt file or a static library of the system.
inline constexpr std::string_view kNotOfTheProject = "not a part of the project";

// Why an input of a link is linked as it is. `name` is what its recipe or its link calls it.
std::string native_reason(const Digest& object, std::string_view name, const ConfigurationContents& configuration,
                          const CanonicalStore& canonical);

// A line for each reason why programs have no recipe, then one for each reason why units of the project stay native,
// with how many there are and an example; the most frequent first. A last line tells where the others are, if there are
// too many.
std::vector<std::string> describe_native(const ImageContents& contents);

}  // namespace xaas
