// Reads linker scripts: those that stand in for a library and only name other files (glibc's libc.so), and those of -T,
// which say where sections go.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "format/base/error.h"

namespace xaas {

struct ScriptInput {
  std::string name;        // a path, a file name to look for, or "-lfoo"
  bool as_needed = false;  // named inside AS_NEEDED()
  bool operator==(const ScriptInput&) const = default;
};

// The inputs that INPUT() and GROUP() name, in order. OUTPUT_FORMAT, OUTPUT_ARCH and TARGET are ignored.
// Code::unsupported, naming the command, if the script has any other command.
Result<std::vector<ScriptInput>> parse_input_script(std::string_view text);

// Code::unsupported if a script with SECTIONS treats some input files unlike others, because the objects that lowering
// makes have other names. Code::unsupported also if the script is too unusual to tell.
Status check_layout_script(std::string_view text);

}  // namespace xaas
