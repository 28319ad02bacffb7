// See build_log.h.
#include "mkimage/build_log.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "format/base/file.h"

namespace xaas {
namespace {

constexpr off_t kTailBytes = 256 << 10;
constexpr std::size_t kErrorLines = 10;

// What compilers, make, Ninja, Meson and CMake write into a line that says what failed.
constexpr std::array<std::string_view, 5> kErrorMarks = {"error: ", "*** ", "FAILED: ", "ERROR: ", "CMake Error"};

bool names_error(std::string_view line) {
  return std::ranges::any_of(kErrorMarks, [&](std::string_view mark) { return line.find(mark) != line.npos; });
}

}  // namespace

std::string read_tail(const std::filesystem::path& log) {
  const auto fd = open_for_reading(log);
  if (!fd) return {};
  const off_t size = lseek(fd->get(), 0, SEEK_END);
  if (size < 0 || lseek(fd->get(), std::max<off_t>(0, size - kTailBytes), SEEK_SET) < 0) return {};
  return read_fd(fd->get()).value_or("");
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
  std::string errors;
  for (std::size_t found = 0; !text.empty() && found < kErrorLines;) {
    const std::string_view line = text.substr(0, text.find('\n') + 1);  // each line here has its end
    text.remove_prefix(line.size());
    if (!names_error(line)) continue;
    errors += line;
    ++found;
  }
  return errors;
}

bool lacks_install_target(std::string_view log) {
  // Older versions of make begin a quotation with another character.
  return log.find("No rule to make target 'install'") != std::string_view::npos ||
         log.find("No rule to make target `install'") != std::string_view::npos;
}

}  // namespace xaas
