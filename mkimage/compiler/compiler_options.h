// The options of compilers, as far as capturing is concerned. One sorted table says what each option means. An option
// that the table does not have is passed on and changes nothing.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace xaas {

enum class OptionValue {
  none,
  joined,               // -march=X
  separate,             // -Xclang X
  joined_or_separate,   // -oX, -o X
  joined_and_separate,  // -Xarch_x86_64 X
};

enum class OptionEffect {
  nothing,
  untouched,  // the real compiler runs the command as it is; nothing can be captured
  native,     // the result stays a native object
  offload,    // also compiles for a device
  compile,    // -c
  output,
  language,
  machine,      // -mavx2; decides the features that a unit requires
  cpu,          // -march=
  section,      // whether each function or variable gets a section of its own
  module_file,  // -fmodule-file=NAME=FILE, -fmodule-file=FILE
  linker,       // its value goes to the linker
  linker_name,  // -fuse-ld=
  library,
};

// Further properties of an option, independent of its effect.
namespace option_flags {
inline constexpr unsigned preprocessing = 1U << 0;    // only the preprocessor follows it; its text shows it
inline constexpr unsigned names_output = 1U << 1;     // says which files a command makes, and where
inline constexpr unsigned dependency_rule = 1U << 2;  // shapes the rule of make that -MD writes
// Makes the compiler read or write files that neither the preprocessed text nor a cache entry shows.
inline constexpr unsigned other_files = 1U << 3;
}  // namespace option_flags

struct CompilerOption {
  std::string_view name;
  OptionValue value = OptionValue::none;
  OptionEffect effect = OptionEffect::nothing;
  unsigned flags = 0;  // a set of option_flags
};

// Sorted by name, no name twice.
std::span<const CompilerOption> compiler_options();
// The entry whose name `argument` is. If an entry takes a joined value, `argument` may also begin with its name; the
// longest name counts. Null if unknown.
const CompilerOption* find_compiler_option(std::string_view argument);

// One option or input of a command line.
struct CommandPart {
  const CompilerOption* option = nullptr;  // null for an input, and for an option that the table does not have
  bool is_input = false;
  std::string value;      // value of the option, or the input itself
  std::size_t first = 0;  // index of its first argument; it has `count` arguments
  std::size_t count = 1;

  bool has(unsigned flag) const { return option != nullptr && (option->flags & flag) != 0; }
};
// All parts of the command line in order, without `--`.
std::vector<CommandPart> command_parts(const std::vector<std::string>& arguments);

// The arguments of those parts for which keep(part, the part's first argument) returns true.
template <typename Keep>
std::vector<std::string> filter_parts(const std::vector<std::string>& arguments, Keep keep) {
  std::vector<std::string> kept;
  for (const CommandPart& part : command_parts(arguments)) {
    if (!keep(part, std::string_view(arguments[part.first]))) continue;
    const auto first = arguments.begin() + static_cast<std::ptrdiff_t>(part.first);
    kept.insert(kept.end(), first, first + static_cast<std::ptrdiff_t>(part.count));
  }
  return kept;
}

}  // namespace xaas
