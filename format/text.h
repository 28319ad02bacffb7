// Text that others wrote: whether it is UTF-8, and how to show it to people.
#pragma once

#include <string>
#include <string_view>

namespace xaas {

bool is_utf8(std::string_view text);

// `text` fit for a terminal, on one line: control characters (C1 too), backslashes and what is not UTF-8 become \ooo.
std::string printable(std::string_view text);

}  // namespace xaas
