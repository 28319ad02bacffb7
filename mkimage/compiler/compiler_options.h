// What a compiler command line asks for, as far as capturing is concerned: one sorted table of options and what each
// means to us. Options that the table does not know are passed on and change nothing. See spec/lowering.md for what is
// captured.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "mkimage/compiler/real_compiler.h"

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
  untouched,  // the real compiler does it as it is; nothing is made that could be captured
  native,     // what comes out stays a native object
  compile,    // -c
  output,
  language,
  machine,      // -mavx2: decides the features that a unit requires
  cpu,          // -march=
  section,      // whether each function or variable gets a section of its own
  linker,       // its value goes to the linker
  linker_name,  // -fuse-ld=
  library,
};

// What else is true of an option, whatever its effect.
namespace option_flags {
inline constexpr unsigned preprocessing = 1U << 0;    // only the preprocessor follows it: the preprocessed text has it
inline constexpr unsigned names_output = 1U << 1;     // says which files a command makes and where
inline constexpr unsigned dependency_rule = 1U << 2;  // shapes the rule of make that -MD writes
// Has the compiler read or write files that neither the preprocessed text nor a cache's entry tells of.
inline constexpr unsigned other_files = 1U << 3;
}  // namespace option_flags

struct CompilerOption {
  std::string_view name;
  OptionValue value = OptionValue::none;
  OptionEffect effect = OptionEffect::nothing;
  unsigned flags = 0;  // of option_flags
};

// Sorted by name, no name twice.
std::span<const CompilerOption> compiler_options();
// The entry with the longest name that `argument` is or, where it takes a joined value, begins with. Null when unknown.
const CompilerOption* find_compiler_option(std::string_view argument);

enum class InputKind { source, assembly, header, linker_input, other };

struct CompilerInput {
  std::string path;
  InputKind kind = InputKind::other;
};

enum class CommandMode {
  untouched,    // run the real compiler, look no further
  native,       // compiles, but its objects stay native
  assemble,     // -c of nothing but assembly
  compile,      // -c of C or C++, or of Fortran by a Fortran compiler
  precompile,   // a header, or what else must agree with captured units on the target
  link,         // with or without sources of its own
  native_link,  // a link that is not recorded in full
};

struct CompilerCommand {
  CommandMode mode = CommandMode::untouched;
  std::string reason;  // why untouched or native: the option, mostly
  std::vector<CompilerInput> inputs;
  std::optional<std::string> output;
  std::optional<std::string> linker;               // that the project names with -fuse-ld=
  std::vector<std::string> machine_options;        // in order
  std::vector<std::string> asked_machine_options;  // likewise, before any were taken away
  std::vector<std::string> sections;               // "data-sections", "function-sections": what each has one of
  bool names_cpu = false;                          // -march= other than the plain x86-64
};

// One option or input of a command line.
struct CommandPart {
  const CompilerOption* option = nullptr;  // null for an input, and for an option that the table does not know
  bool is_input = false;
  std::string value;      // of the option, or the input
  std::size_t first = 0;  // the arguments that it is made of: `count` of them from `first`
  std::size_t count = 1;

  bool has(unsigned flag) const { return option != nullptr && (option->flags & flag) != 0; }
};
// All parts, in order; `--` is none.
std::vector<CommandPart> command_parts(const std::vector<std::string>& arguments);

// The arguments of those parts for which keep(part, first argument of it) says so.
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

// `arguments` without the program's name and with response files expanded. `role` is the compiler's, which has Fortran
// where it is the Fortran compiler, and otherwise C and C++.
CompilerCommand parse_compiler_command(const std::vector<std::string>& arguments, CompilerRole role = CompilerRole::c);

// Takes away -march=native, -mtune=native and -mcpu=native: an image must not depend on the machine that built it.
// Returns those that were there.
std::vector<std::string> remove_native_cpu(std::vector<std::string>& arguments);

}  // namespace xaas
