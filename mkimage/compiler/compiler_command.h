// What a command of a compiler asks for, as far as capturing is concerned. See spec/lowering.md for what is captured.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "mkimage/compiler/real_compiler.h"

namespace xaas {

enum class InputKind { source, assembly, header, linker_input, other };

struct CompilerInput {
  std::string path;
  InputKind kind = InputKind::other;
};

enum class CommandMode {
  untouched,    // only the real compiler runs
  native,       // compiles to objects that stay native
  assemble,     // -c of assembly only
  compile,      // -c of C or C++, or of Fortran by a Fortran compiler
  precompile,   // a header, or anything else that must agree with captured units on the target
  link,         // a link, with or without sources of its own
  native_link,  // a link that is not recorded in full
};

struct CompilerCommand {
  CommandMode mode = CommandMode::untouched;
  std::string reason;  // why untouched or native; mostly the option
  std::vector<CompilerInput> inputs;
  std::optional<std::string> output;
  std::optional<std::string> linker;               // the linker that the project names with -fuse-ld=
  std::vector<std::string> machine_options;        // in order
  std::vector<std::string> asked_machine_options;  // in order, before any were removed
  std::vector<std::string> sections;               // "data-sections", "function-sections", if asked for
  bool names_cpu = false;                          // -march= or -mcpu= names another CPU than the plainest
  bool offloads = false;                           // a compile of one source that is for a device, too
  bool is_cuda = false;                            // whether a source is CUDA code, which clang compiles
};

// Parses `arguments`, which have no program name and no response files (they are expanded). `role` is that of the
// compiler: a Fortran compiler takes Fortran sources, the others C and C++.
CompilerCommand parse_compiler_command(const std::vector<std::string>& arguments, CompilerRole role = CompilerRole::c);

// The options by which clang writes no CPU into IR. With `names_cpu`, that of the command stays.
std::vector<std::string> options_without_cpu(bool names_cpu);

// Whether the option names the CPU for which clang compiles without it: "-march=x86-64".
bool names_plain_cpu(std::string_view argument);

// The option that names a CPU of the architecture: "-march=znver4", "-mcpu=neoverse-v1".
std::string option_of_cpu(std::string_view cpu);

// Removes -march=native, -mtune=native and -mcpu=native, because an image must not depend on the machine that built it.
// Also removes each -march= that a -march=native behind it overrides. Returns the removed options for the native CPU.
std::vector<std::string> remove_native_cpu(std::vector<std::string>& arguments);

}  // namespace xaas
