// Terminal lines; see progress.h.
#include "format/base/progress.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <utility>

#include "format/base/text.h"

namespace xaas {
namespace {

constexpr std::size_t kDefaultWidth = 80;
constexpr std::size_t kLongestLine = 160;  // in bytes, of the output of a build
constexpr std::chrono::minutes kInterval(1);

std::size_t terminal_width() {
  winsize size{};
  const bool known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return known ? size.ws_col : kDefaultWidth;
}

double seconds(std::chrono::steady_clock::duration time) { return std::chrono::duration<double>(time).count(); }

// The text that a terminal would show after this line: from the last carriage return on, without colours. Other control
// characters become visible, because a build may print anything.
std::string line_shown(std::string_view line) {
  while (line.ends_with('\n') || line.ends_with('\r')) line.remove_suffix(1);
  if (const std::size_t at = line.rfind('\r'); at != std::string_view::npos) line.remove_prefix(at + 1);
  std::string text;
  for (std::size_t at = 0; at < line.size(); ++at) {
    if (line.substr(at).starts_with("\x1b[")) {
      const std::size_t end = line.find_first_not_of("0123456789;:", at + 2);
      if (end != std::string_view::npos && (line[end] == 'm' || line[end] == 'K')) {
        at = end;
        continue;
      }
    }
    text += line[at];
  }
  return printable(text);
}

}  // namespace

Progress::Progress(std::string tool, Verbosity verbosity, Clock clock)
    : tool_(std::move(tool)),
      verbosity_(verbosity),
      clock_(std::move(clock)),
      is_live_(verbosity == Verbosity::normal && isatty(STDOUT_FILENO) != 0) {}

Progress::~Progress() { clear_locked(); }

void Progress::begin(std::string_view stage, std::string_view what) {
  const std::lock_guard lock(mutex_);
  stage_ = stage;
  started_ = spoke_ = clock_();
  if (verbosity_ == Verbosity::quiet) return;
  if (is_live_) return draw(fmt::format("{:<12} {}", stage_, what));
  fmt::print("{}: {}\n", stage_, what);
  static_cast<void>(std::fflush(stdout));
}

void Progress::update(std::string_view what) {
  const std::lock_guard lock(mutex_);
  if (!wants_update_locked()) return;
  if (is_live_) return draw(fmt::format("{:<12} {:.0f} s  {}", stage_, seconds(elapsed()), what));
  spoke_ = clock_();
  fmt::print("{}: still running, {} min{}{}\n", stage_, elapsed() / std::chrono::minutes(1), what.empty() ? "" : ": ",
             shortened(line_shown(what), kLongestLine));
  static_cast<void>(std::fflush(stdout));
}

bool Progress::wants_update() {
  const std::lock_guard lock(mutex_);
  return wants_update_locked();
}

void Progress::end() {
  const std::lock_guard lock(mutex_);
  if (!is_live_) return;
  clear_locked();
  fmt::print("{:<12} {:.1f} s\n", stage_, seconds(elapsed()));
  static_cast<void>(std::fflush(stdout));
}

void Progress::warn(std::string_view message) {
  const std::lock_guard lock(mutex_);
  if (verbosity_ == Verbosity::quiet) return;
  clear_locked();
  fmt::print(stderr, "{}: warning: {}\n", tool_, message);
}

void Progress::say(std::string_view message) {
  const std::lock_guard lock(mutex_);
  if (verbosity_ == Verbosity::quiet) return;
  clear_locked();
  fmt::print("{}\n", message);
  static_cast<void>(std::fflush(stdout));
}

void Progress::draw(std::string_view text) {
  const std::string line = line_shown(text);
  fmt::print("\r\x1b[K{}", std::string_view(line).substr(0, terminal_width() - 1));
  static_cast<void>(std::fflush(stdout));
  is_drawn_ = true;
}

bool Progress::wants_update_locked() const {
  return is_live_ || (verbosity_ != Verbosity::quiet && clock_() - spoke_ >= kInterval);
}

std::chrono::steady_clock::duration Progress::elapsed() const { return clock_() - started_; }

void Progress::clear() {
  const std::lock_guard lock(mutex_);
  clear_locked();
}

void Progress::clear_locked() {
  if (!is_drawn_) return;
  static_cast<void>(std::fputs("\r\x1b[K", stdout));
  static_cast<void>(std::fflush(stdout));
  is_drawn_ = false;
}

}  // namespace xaas
