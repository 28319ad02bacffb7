// The output of a step of the build, as it was written to a file.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

namespace xaas {

// The whole lines at the end of a log, at most 256 KiB; empty if it cannot be read.
std::string read_tail(const std::filesystem::path& log);

// The last `count` lines of a text.
std::string_view last_lines(std::string_view text, std::size_t count);

// The last ten lines of a text that say what failed, each with its newline. Lines among the last `seen` are left out:
// who reads the end of the text sees them. make goes on with other jobs after it has said why it fails, and may print a
// lot.
std::string errors_above(std::string_view text, std::size_t seen);

// Whether the log says that make found no target `install`.
bool lacks_install_target(std::string_view log);

// Whether CMake, a configure script, Meson or a shell says in the log that there is no Fortran compiler.
bool lacks_fortran_compiler(std::string_view log);

}  // namespace xaas
