// Lists in text: the lines of a file, the directories of PATH, the words between commas.
#pragma once

#include <string_view>
#include <vector>

namespace xaas {

// The pieces of `text`, each of which ends at a `separator` or at the end; a separator at the very end adds no empty
// piece. Views into `text`.
std::vector<std::string_view> split(std::string_view text, char separator);

}  // namespace xaas
