// See log.h.
#include "fuse/log.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <ctime>

#include "format/base/text.h"

namespace xaas {
namespace {

constexpr std::size_t kKeptLines = 200;

std::string local_time() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  if (::localtime_r(&now, &parts) == nullptr) return {};
  char text[32];
  const std::size_t length = std::strftime(text, sizeof(text), "%F %T", &parts);
  return {text, length};
}

}  // namespace

Log::Log(Verbosity verbosity)
    : verbosity_(verbosity), terminal_(verbosity == Verbosity::warnings ? STDERR_FILENO : -1) {}

void Log::draw(const std::string& text) {
  const std::lock_guard lock(lines_mutex_);
  terminal_.draw(text);
}

void Log::erase() {
  const std::lock_guard lock(lines_mutex_);
  terminal_.erase();
}

void Log::add(const std::string& message, Verbosity least) {
  const std::string text = printable(message);  // it may hold names from the image
  const std::lock_guard lock(lines_mutex_);
  const bool repeated = least == Verbosity::warnings &&
                        std::any_of(lines_.begin(), lines_.end(), [&](const Line& line) { return line.text == text; });
  if (repeated) return;
  lines_.push_back({local_time(), text});
  if (lines_.size() > kKeptLines) lines_.pop_front();
  if (verbosity_ < least) return;
  terminal_.erase();
  std::fprintf(stderr, "xaas-mount: %s\n", text.c_str());
}

std::vector<std::string> Log::lines() const {
  const std::lock_guard lock(lines_mutex_);
  std::vector<std::string> result;
  result.reserve(lines_.size());
  for (const Line& line : lines_) result.push_back(line.time + " " + line.text);
  return result;
}

}  // namespace xaas
