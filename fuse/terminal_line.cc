// See terminal_line.h.
#include "fuse/terminal_line.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

namespace xaas {
namespace {

// The text is cut at the edge of the terminal, because a line that wraps may scroll, and the cursor cannot go back
// then.
constexpr std::string_view kSaveCursor =
    "\x1b"
    "7";
constexpr std::string_view kRestoreCursor =
    "\x1b"
    "8";
constexpr std::string_view kNoWrap = "\x1b[?7l";
constexpr std::string_view kWrap = "\x1b[?7h";
constexpr std::string_view kClearToEnd = "\x1b[K";

// Another description of the terminal, since O_NONBLOCK would change it for all who share the one of `fd`.
Fd opened_again(int fd) {
  const char* kind = std::getenv("TERM");  // NOLINT(concurrency-mt-unsafe): nothing here changes the environment
  const bool takes_sequences = kind != nullptr && *kind != '\0' && std::string_view(kind) != "dumb";
  if (!takes_sequences || ::isatty(fd) != 1) return {};
  return Fd(::open(fmt::format("/proc/self/fd/{}", fd).c_str(), O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
}

}  // namespace

TerminalLine::TerminalLine(int fd) : terminal_(opened_again(fd)) {}

void TerminalLine::draw(std::string_view text) {
  if (!can_draw()) return;
  write(fmt::format("{}{}{}{}{}{}", kSaveCursor, kNoWrap, text, kClearToEnd, kWrap, kRestoreCursor));
  is_drawn_ = true;
}

void TerminalLine::erase() {
  if (is_drawn_) write(kClearToEnd);
  is_drawn_ = false;
}

void TerminalLine::write(std::string_view bytes) const {
  static_cast<void>(!::write(terminal_.get(), bytes.data(), bytes.size()));
}

}  // namespace xaas
