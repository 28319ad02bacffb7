// Linker scripts: those that stand in for a library, such as glibc's libc.so, and only name other files; and those of
// -T, which say where sections go.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "format/base/error.h"

namespace xaas {

struct ScriptInput {
  std::string name;        // a path, a file name to look for, or "-lfoo"
  bool as_needed = false;  // named inside of AS_NEEDED()
  bool operator==(const ScriptInput&) const = default;
};

// What INPUT() and GROUP() name, in order. OUTPUT_FORMAT, OUTPUT_ARCH and TARGET say nothing new; a script with any
// other command is Code::unsupported, naming the command.
Result<std::vector<ScriptInput>> parse_input_script(std::string_view text);

// Code::unsupported when a script with SECTIONS treats some input files unlike others: what lowering makes of them has
// other names. Also for what is too unusual to tell.
Status check_layout_script(std::string_view text);

}  // namespace xaas
