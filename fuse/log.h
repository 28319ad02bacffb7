// Log lines of the mount. They are kept for /.xaas/status, and written to standard error as far as the user wants.
// Implements spec/mount.md, "What is shown".
#pragma once

#include <deque>
#include <mutex>
#include <string>
#include <vector>

#include "fuse/terminal_line.h"

namespace xaas {

// Thread-safe.
class Log {
 public:
  // What goes to standard error; lines are kept in any case. With `warnings`, a command has the terminal.
  enum class Verbosity { silent, warnings, everything };

  explicit Log(Verbosity verbosity);

  // A notice of what goes on.
  void info(const std::string& line) { add(line, Verbosity::everything); }
  // A warning: something has failed, or is not as the user would expect. A line equal to one that is still kept is not
  // repeated.
  void warning(const std::string& line) { add(line, Verbosity::warnings); }

  // Whether there is a terminal for a line that changes beside what a command prints.
  bool can_draw() const { return terminal_.can_draw(); }
  // Shows the text there, in place of the one before, until the next line of the log.
  void draw(const std::string& text);
  void erase();

  // The latest lines, oldest first, each with its local time in front.
  std::vector<std::string> lines() const;

 private:
  struct Line {
    std::string time;
    std::string text;
  };
  void add(const std::string& text, Verbosity least);

  const Verbosity verbosity_;
  mutable std::mutex lines_mutex_;  // guards the members below
  TerminalLine terminal_;
  std::deque<Line> lines_;
};

}  // namespace xaas
