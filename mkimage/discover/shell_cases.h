// The `case` statements of a configure script, which tell the values that an option takes; see spec/discovery.md,
// "Other build systems".
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace xaas {

// Of one text, and of one script.
inline constexpr std::size_t kMaxCases = 20000;

// case $variable in a | b) …;; *) …;; esac
struct ShellCase {
  std::string variable;             // "" if the statement asks for more than one variable
  std::vector<std::string> values;  // without patterns that have wildcards
  bool is_closed = false;           // any other value is an error
};

struct ShellCases {
  std::vector<ShellCase> cases;
  bool is_whole = true;  // whether no limit left out any, or values of any
};

// All `case` statements of the text, also those within others, in the order in which they end. One that does not end
// is none. At most kMaxCases, nested 20 deep, with 200 values each; and those behind 20 that do not end are left out.
ShellCases shell_cases(std::string_view text);

}  // namespace xaas
