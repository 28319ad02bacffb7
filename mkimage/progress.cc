// Terminal lines; see progress.h.
#include "mkimage/progress.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "format/text.h"

namespace xaas {
namespace {

constexpr std::size_t kDefaultWidth = 80;

std::size_t terminal_width() {
  winsize size{};
  const bool known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return known ? size.ws_col : kDefaultWidth;
}

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

Progress::Progress(Verbosity verbosity)
    : verbosity_(verbosity), is_live_(verbosity == Verbosity::normal && isatty(STDOUT_FILENO) != 0) {}

Progress::~Progress() { clear_locked(); }

void Progress::begin(std::string_view stage, std::string_view what) {
  const std::lock_guard lock(mutex_);
  stage_ = stage;
  started_ = std::chrono::steady_clock::now();
  if (verbosity_ == Verbosity::quiet) return;
  if (is_live_) return draw(fmt::format("{:<12} {}", stage_, what));
  fmt::print("{}: {}\n", stage_, what);
  static_cast<void>(std::fflush(stdout));
}

void Progress::update(std::string_view what) {
  const std::lock_guard lock(mutex_);
  if (is_live_) draw(fmt::format("{:<12} {:.0f} s  {}", stage_, seconds_since(started_), what));
}

void Progress::end() {
  const std::lock_guard lock(mutex_);
  if (!is_live_) return;
  clear_locked();
  fmt::print("{:<12} {:.1f} s\n", stage_, seconds_since(started_));
  static_cast<void>(std::fflush(stdout));
}

void Progress::warn(std::string_view message) {
  const std::lock_guard lock(mutex_);
  if (verbosity_ == Verbosity::quiet) return;
  clear_locked();
  fmt::print(stderr, "mkxaas: warning: {}\n", message);
}

void Progress::say(std::string_view message) {
  const std::lock_guard lock(mutex_);
  if (verbosity_ == Verbosity::quiet) return;
  clear_locked();
  fmt::print("{}\n", message);
  static_cast<void>(std::fflush(stdout));
}

void Progress::draw(std::string_view text) {
  const std::string line = printable(text);  // what a build prints may hold anything
  fmt::print("\r\x1b[K{}", std::string_view(line).substr(0, terminal_width() - 1));
  static_cast<void>(std::fflush(stdout));
  is_drawn_ = true;
}

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
