// The conditions of a shell script around its commands, as far as configure scripts need them.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace xaas {

struct ShellConditions {
  std::vector<std::string> asked;  // the variable that each condition asks to be on, the innermost last; "" for others
  std::size_t deeper = 0;          // conditions inside of these that are not kept

  bool is_empty() const { return asked.empty(); }
  std::size_t count() const { return asked.size() + deeper; }
  void add(std::string variable);
  void remove();
  // The variable, if it is the only condition.
  std::string only() const { return count() == 1 ? asked.front() : ""; }
};

// "with_x" in `test "x$with_x" = xyes` and `test "$with_x" != no`; "" for anything else.
std::string asked_variable(std::string_view test);

// Goes through a part of a script: `if` and `fi`, `case` and `esac`. At least `least` conditions stay. `link` gets each
// name behind -l that the script assigns, the lines of the text before it, and the conditions there.
using LinkedLibrary = std::function<void(std::string_view name, std::size_t lines, const ShellConditions& conditions)>;
void follow_shell(std::string_view text, std::size_t least, ShellConditions& conditions, const LinkedLibrary& link);

}  // namespace xaas
