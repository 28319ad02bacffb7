// The compilers that ours stands in front of, and how not to meet ourselves again on the way to them.
#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <string_view>

#include "format/base/error.h"

namespace xaas {

// Which of the compilers of a build a program stands for.
enum class CompilerRole { c, cxx, fortran };

// What stands behind ours where nothing else is asked for.
inline constexpr const char* kDefaultC = "clang-19";
inline constexpr const char* kDefaultCxx = "clang++-19";
inline constexpr const char* kDefaultFortran = "flang-new-19";

// "gcc-12" of "x86_64-linux-gnu-gcc-12": the name of a tool for this machine as it is when nothing stands in front.
std::string_view without_triple(std::string_view name);

// The names of the programs that PATH has, as far as they are wanted.
std::set<std::string> programs_in_path(bool (*is_wanted)(std::string_view name));

// By the name of the program; `c` for a name that tells nothing.
CompilerRole compiler_role(std::string_view name);

// Which compiler for this machine goes by `name`: "g++" for "x86_64-linux-gnu-g++-12". Empty when none does.
std::string_view compiler_family(std::string_view name);

// All such names that PATH has.
std::set<std::string> compiler_names_in_path();

// As find_program(), but neither xaas-cc nor what starts compilers for others (ccache, distcc…): that looks for the
// real one in PATH too, and would find us.
Result<std::filesystem::path> find_real_compiler(const std::string& name);

// Takes the directories where `cc` is this program out of our PATH, so that what we start finds real compilers there.
// REQUIRES: there is one thread.
void leave_path();

}  // namespace xaas
