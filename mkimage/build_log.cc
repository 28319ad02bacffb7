// See build_log.h.
#include "mkimage/build_log.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "format/base/file.h"
#include "format/base/split.h"

namespace xaas {
namespace {

constexpr off_t kTailBytes = 256 << 10;
constexpr std::size_t kErrorLines = 10;

// What compilers, assemblers, linkers, make, Ninja, Meson and CMake write into a line that says what failed.
constexpr std::array<std::string_view, 8> kErrorMarks = {
    "error: ", "Error: ", ": *** ", "FAILED: ", "ERROR: ", "CMake Error", "undefined reference to", "cannot find -l"};
// What CMake, configure scripts, Meson, shells and make write where there is no Fortran compiler.
constexpr auto kNoFortran = std::to_array<std::string_view>(
    {"No CMAKE_Fortran_COMPILER could be found", "no acceptable Fortran compiler",
     "error: Fortran compiler cannot create executables", "error: Fortran 77 compiler cannot create executables",
     "Unknown compiler(s): [['gfortran'", "gfortran: not found", "gfortran: No such file", "f77: not found",
     "f77: No such file", "f95: No such file", "gfortran: command not found", "f77: command not found",
     "f95: not found", "f95: command not found"});
constexpr std::string_view kIgnored = "(ignored)";  // behind the errors that a makefile tells make to pass over

bool names_error(std::string_view line) {
  const auto has = [&](std::string_view mark) { return line.find(mark) != line.npos; };
  return std::ranges::any_of(kErrorMarks, has) && !has(kIgnored);
}

}  // namespace

std::string read_tail(const std::filesystem::path& log) {
  const auto fd = open_for_reading(log);
  if (!fd) return {};
  const off_t size = lseek(fd->get(), 0, SEEK_END);
  const off_t start = std::max<off_t>(0, size - kTailBytes);
  if (size < 0 || lseek(fd->get(), start, SEEK_SET) < 0) return {};
  std::string tail = read_fd(fd->get()).value_or("");
  if (start > 0) tail.erase(0, tail.find('\n') + 1);  // nothing, if all is one line
  return tail;
}

std::string_view last_lines(std::string_view text, std::size_t count) {
  std::size_t at = text.size();
  if (text.ends_with('\n')) --at;
  for (std::size_t i = 0; i < count && at != std::string_view::npos; ++i) {
    at = at == 0 ? std::string_view::npos : text.rfind('\n', at - 1);
  }
  return at == std::string_view::npos ? text : text.substr(at + 1);
}

std::string errors_above(std::string_view text, std::size_t seen) {
  text.remove_suffix(last_lines(text, seen).size());
  std::vector<std::string_view> errors = split(text, '\n');
  std::erase_if(errors, [](std::string_view line) { return !names_error(line); });
  if (errors.size() > kErrorLines) errors.erase(errors.begin(), errors.end() - kErrorLines);
  std::string lines;
  for (const std::string_view error : errors) lines += fmt::format("{}\n", error);
  return lines;
}

bool lacks_install_target(std::string_view log) {
  // Older versions of make begin a quotation with another character.
  return log.find("No rule to make target 'install'") != std::string_view::npos ||
         log.find("No rule to make target `install'") != std::string_view::npos;
}

bool lacks_fortran_compiler(std::string_view log) {
  return std::ranges::any_of(kNoFortran, [&](std::string_view words) { return log.find(words) != log.npos; });
}

}  // namespace xaas
