// The `case` statements of a configure script, which tell the values that an option takes; see spec/discovery.md,
// "Other build systems".
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace xaas {

// case $variable in a | b) …;; *) …;; esac
struct ShellCase {
  std::string variable;             // "" if the statement asks for more than one variable
  std::vector<std::string> values;  // without patterns that have wildcards
  bool is_closed = false;           // any other value is an error
};

// All `case` statements of the text, also those within others, in the order in which they end. One that does not end
// is none. Nested at most 20 deep.
std::vector<ShellCase> shell_cases(std::string_view text);

}  // namespace xaas
