// Log lines of the mount. They are kept for /.xaas/status, and written to standard error as far as the user wants.
// Implements spec/mount.md, "What is shown".
#pragma once

#include <deque>
#include <mutex>
#include <string>
#include <vector>

namespace xaas {

// Thread-safe.
class Log {
 public:
  enum class Verbosity { silent, warnings, everything };  // what goes to standard error; lines are kept in any case

  explicit Log(Verbosity verbosity) : verbosity_(verbosity) {}

  // A notice of what goes on.
  void info(const std::string& line) { add(line, Verbosity::everything); }
  // A warning: something has failed, or is not as the user would expect. A line equal to one that is still kept is not
  // repeated.
  void warning(const std::string& line) { add(line, Verbosity::warnings); }

  // The latest lines, oldest first, each with its local time in front.
  std::vector<std::string> lines() const;

 private:
  struct Line {
    std::string time;
    std::string text;
  };
  void add(const std::string& text, Verbosity least);

  const Verbosity verbosity_;
  mutable std::mutex lines_mutex_;
  std::deque<Line> lines_;
};

}  // namespace xaas
