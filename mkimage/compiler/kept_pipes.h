// Makes pipes readable more than once, because one compiler command may become several runs.
#pragma once

#include <string>
#include <vector>

#include "format/base/error.h"

namespace xaas {

// Replaces pipes by files in memory. `arguments` may name descriptors ("-", "/dev/stdin", "@/dev/fd/63"). Those of them
// that are pipes are read to their ends. A child that opens the name then reads the content from the beginning. Affects
// the whole process. Code::io.
Status keep_pipes(const std::vector<std::string>& arguments);

// Remembers the position of standard input, so that it can be read again from there. Does nothing for a terminal.
class InputStart {
 public:
  InputStart();
  void rewind() const;

 private:
  long long offset_;  // negative: unknown
};

}  // namespace xaas
