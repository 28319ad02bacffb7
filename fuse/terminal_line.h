// One line of a terminal that changes. It stands behind what programs have printed, and leaves that and the cursor as
// they are.
#pragma once

#include <string_view>

#include "format/base/file.h"

namespace xaas {

// Not thread-safe. Never waits for the terminal: what it does not take at once is lost.
class TerminalLine {
 public:
  // `fd` stays open. Nothing is ever drawn if it is no terminal that takes control sequences, or cannot be opened
  // again.
  explicit TerminalLine(int fd);

  bool can_draw() const { return terminal_.valid(); }
  // Shows the text in place of the one before. REQUIRES: `text` has no control characters.
  void draw(std::string_view text);
  // Removes the text, if there is one.
  void erase();

 private:
  void write(std::string_view bytes) const;

  Fd terminal_;
  bool is_drawn_ = false;
};

}  // namespace xaas
