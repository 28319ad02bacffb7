// Finds the compilers in front of which xaas-cc stands, without finding xaas-cc itself.
#pragma once

#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "format/base/error.h"

namespace xaas {

// The kind of compiler for which a program stands.
enum class CompilerRole { c, cxx, fortran };

// The real compilers that are used if nothing else is asked for.
inline constexpr const char* kDefaultC = "clang-19";
inline constexpr const char* kDefaultCxx = "clang++-19";
inline constexpr const char* kDefaultFortran = "flang-new-19";
inline constexpr const char* kObjcopy = "llvm-objcopy-19";  // which knows the sections of bitcode

// The name of a tool without the triple of this machine: "gcc-12" for "x86_64-linux-gnu-gcc-12".
std::string_view without_triple(std::string_view name);

// The names of those programs in PATH for which `is_wanted` returns true.
std::set<std::string> programs_in_path(bool (*is_wanted)(std::string_view name));

// The role of the compiler with this name; `c` if the name does not tell.
CompilerRole compiler_role(std::string_view name);

// The family of a compiler for this machine by its name: "g++" for "x86_64-linux-gnu-g++-12". Empty for any other name.
std::string_view compiler_family(std::string_view name);

// The names of all programs in PATH that have a compiler_family().
std::set<std::string> compiler_names_in_path();

// Like find_program(), but finds neither xaas-cc nor programs that start compilers for others (ccache, distcc…). Those
// programs look for the real compiler in PATH too, and would find xaas-cc.
Result<std::filesystem::path> find_real_compiler(const std::string& name);

// Where a compiler finds a library, as an absolute path; nullopt if it finds none. Asks the compiler.
Result<std::optional<std::filesystem::path>> library_of_compiler(const std::string& compiler, std::string_view soname);

// Removes the directories in which `cc` or `nvcc` is this program from this process's PATH, so that child processes
// find real compilers. REQUIRES: the process has one thread.
void leave_path();

}  // namespace xaas
