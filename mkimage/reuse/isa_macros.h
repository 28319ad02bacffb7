// The macros by which a unit can see what its options say of the CPU. A header makes the preprocessor report whether
// the unit uses them. Implements spec/recipe.md, "What configurations share".
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mkimage/compiler/compilation.h"
#include "mkimage/record/capture_environment.h"

namespace xaas {

// A header to be read before all else. It makes each use of one of the macros an error. So a unit that can be
// preprocessed with it has the same text whatever the macros are. (Clang's "poison" reports uses in conditions and
// definitions, and names that are pasted together. It ignores skipped parts.)
struct IsaMacroGuard {
  std::filesystem::path header;
  std::vector<std::string> macros;  // sorted

  // Whether one of `arguments` holds the name of a macro. The preprocessor reads definitions of the command line before
  // the header, so the header does not see them.
  bool is_evaded_by(const std::vector<std::string>& arguments) const;
  // Whether the compiler's message shows a use of a macro that `other` does not guard.
  bool stopped_at_other_than(const IsaMacroGuard& other, std::string_view message) const;
};

// The guard for the macros that differ between `compilation` and `lesser`, the same command with fewer options for the
// CPU. The header is in the environment's cache, and is made only once for a set of options. Nullopt if the compiler
// does not print its macros, or if `lesser` has a macro that `compilation` lacks. Several processes may call it at
// once.
std::optional<IsaMacroGuard> isa_macro_guard(const CaptureEnvironment& environment, const Compilation& compilation,
                                             const Compilation& lesser);

// Whether the files may ask the compiler for built-in functions that only some CPUs have (__has_builtin). No macro
// shows this. True if a file cannot be read.
bool ask_for_cpu_builtins(const std::vector<std::filesystem::path>& files);

}  // namespace xaas
