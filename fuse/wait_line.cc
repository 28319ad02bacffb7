// See wait_line.h.
#include "fuse/wait_line.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

#include "format/base/text.h"

namespace xaas {
namespace {

constexpr double kUnexplained = 1;                 // seconds of a wait that need no explanation
constexpr std::chrono::milliseconds kRedraw(200);  // nothing announces that a module is done

}  // namespace

std::string wait_text(const std::vector<LazyReport>& files) {
  const auto longest = std::ranges::max_element(files, {}, &LazyReport::waited);
  if (longest == files.end() || longest->waited < kUnexplained) return {};
  std::string text = fmt::format("xaas-mount: {} is being compiled for this host", printable(longest->path));
  if (longest->modules.all > 0) text += fmt::format(", {}", to_text(longest->modules));
  text += fmt::format(", {:.0f} s", std::floor(longest->waited));
  const auto others = std::ranges::count_if(files, [](const LazyReport& file) { return file.waiting > 0; }) - 1;
  if (others > 0) text += fmt::format(", and {} more", others);
  return text;
}

WaitLine::WaitLine(WaitLineHooks hooks)
    : hooks_(std::move(hooks)), thread_([this](const std::stop_token& stop) { run(stop); }) {}

WaitLine::~WaitLine() { stop(); }

void WaitLine::wake() {
  const std::lock_guard lock(mutex_);
  ++changes_;
  is_waiting_ = true;
  changed_.notify_all();
}

void WaitLine::clear() {
  const std::lock_guard lock(mutex_);
  ++changes_;
  if (!std::exchange(drawn_, {}).empty()) hooks_.erase();
}

void WaitLine::stop() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
  clear();
}

void WaitLine::run(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (changed_.wait(lock, stop, [this] { return is_waiting_; }) && !stop.stop_requested()) {
    const std::uint64_t changes = changes_;
    lock.unlock();
    const std::vector<LazyReport> files = hooks_.reports();
    lock.lock();
    if (changes != changes_) continue;
    show(files);
    changed_.wait_for(lock, stop, kRedraw, [] { return false; });
  }
}

// REQUIRES: mutex_ is held.
void WaitLine::show(const std::vector<LazyReport>& files) {
  is_waiting_ = std::ranges::any_of(files, [](const LazyReport& file) { return file.waiting > 0; });
  const std::string text = wait_text(files);
  if (text == drawn_) return;
  drawn_ = text;
  text.empty() ? hooks_.erase() : hooks_.draw(text);
}

}  // namespace xaas
