// Words for sh.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace xaas {

// `word` in a form that sh reads as one word with exactly this text. It is in quotes only if it needs them.
std::string shell_quoted(std::string_view word);
// All of the words, quoted where needed, each with a space in front.
std::string shell_words(const std::vector<std::string>& words);

}  // namespace xaas
