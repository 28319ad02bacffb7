// Words for sh.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace xaas {

// `word` so that sh reads it as one word with exactly this text; in quotes only where it needs them.
std::string shell_quoted(std::string_view word);
// All of them, each with a space in front.
std::string shell_words(const std::vector<std::string>& words);

}  // namespace xaas
