// The macros by which a unit can see what its options say of the CPU, and a header with which the preprocessor tells
// whether it looks. Implements spec/recipe.md, "What configurations share".
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mkimage/compiler/compilation.h"
#include "mkimage/record/capture_environment.h"

namespace xaas {

// Read before all else, the header makes each use of one of the macros an error, so that a unit which can be
// preprocessed with it is the same text whatever they are. (Clang's "poison" tells uses in conditions and definitions
// and names that are pasted together, and passes over what is skipped.)
struct IsaMacroGuard {
  std::filesystem::path header;
  std::vector<std::string> macros;  // sorted

  // Whether any of `arguments` has the name of one: what a command line defines, the preprocessor read before.
  bool is_evaded_by(const std::vector<std::string>& arguments) const;
  // Whether the compiler's message shows a use of one that `other` does not guard.
  bool stopped_at_other_than(const IsaMacroGuard& other, std::string_view message) const;
};

// For the macros that differ between `compilation` and `lesser`, which is the same command with less of a CPU. The
// header is in the cache of the environment, and made only once for a set of options. Nullopt where the compiler does
// not say its macros, or where `lesser` has one that `compilation` has not. Several processes may ask at once.
std::optional<IsaMacroGuard> isa_macro_guard(const CaptureEnvironment& environment, const Compilation& compilation,
                                             const Compilation& lesser);

// Whether the files may ask the compiler for functions that only some CPUs have (__has_builtin), which no macro tells.
bool ask_for_cpu_builtins(const std::vector<std::filesystem::path>& files);

}  // namespace xaas
