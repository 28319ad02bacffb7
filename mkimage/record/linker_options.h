// What a linker option of a recorded link means for a recipe, as one sorted table. Implements spec/link-recipe.md,
// section "Arguments".
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace xaas {

// A linker option in the form in which lld writes it into a response file, without its dashes and with the value apart.
struct LinkerArgument {
  std::string name;
  std::optional<std::string> value;
  bool operator==(const LinkerArgument&) const = default;
};

enum class LinkerEffect {
  keep,     // goes into the recipe as it is
  drop,     // lowering decides it, the installed file says it, or only the build needs it
  kind,     // decides the LinkKind
  file,     // its value names a file
  script,   // its value names a file that says where sections go
  library,  // -l
  path,     // -L
  prefer_static,
  prefer_shared,
  refuse,  // a recipe cannot express it, so the linked file stays native
};

struct LinkerOption {
  std::string_view name;
  LinkerEffect effect;
  bool is_prefix = false;  // stands for every option that begins with `name`
};

// Sorted by name, no name twice.
std::span<const LinkerOption> linker_options();
// The effect of the option by the table; `keep` if the table does not have it.
LinkerEffect linker_effect(std::string_view name);

// One line of lld's response.txt: an option, or (empty name) an input file in `value`.
std::optional<LinkerArgument> parse_response_line(std::string_view line);
// One argument for lld: "-znow", "--hash-style=gnu", "--gc-sections".
std::string to_argument(const LinkerArgument& argument);

}  // namespace xaas
