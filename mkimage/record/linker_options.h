// What a linker option of a recorded link means to a recipe: one sorted table. Implements spec/link-recipe.md, section
// "Arguments".
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace xaas {

// A linker option as lld itself writes it in a response file: without its dashes, and the value apart.
struct LinkerArgument {
  std::string name;
  std::optional<std::string> value;
  bool operator==(const LinkerArgument&) const = default;
};

enum class LinkerEffect {
  keep,     // as it is
  drop,     // the lowering decides, or the installed file says, or it concerns only the build
  kind,     // decides the LinkKind
  file,     // its value names a file
  script,   // likewise, and the file says where sections go
  library,  // -l
  path,     // -L
  prefer_static,
  prefer_shared,
  refuse,  // a recipe cannot say this: the file stays native
};

struct LinkerOption {
  std::string_view name;
  LinkerEffect effect;
  bool is_prefix = false;  // every option that begins so
};

// Sorted by name, no name twice.
std::span<const LinkerOption> linker_options();
// What the table says of the option; `keep` when it does not know it.
LinkerEffect linker_effect(std::string_view name);

// One line of lld's response.txt: an option, or (empty name) an input file in `value`.
std::optional<LinkerArgument> parse_response_line(std::string_view line);
// One argument for lld: "-znow", "--hash-style=gnu", "--gc-sections".
std::string to_argument(const LinkerArgument& argument);

}  // namespace xaas
