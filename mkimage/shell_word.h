// Words for sh.
#pragma once

#include <string>
#include <string_view>

namespace xaas {

// In single quotes, whatever is in it.
std::string shell_quoted(std::string_view text);
// As it is where the shell takes it so, else quoted.
std::string shell_word(std::string_view text);

}  // namespace xaas
