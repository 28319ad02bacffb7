// Lets commands read more than once what can be read only once: a compiler may run several times in the place of one.
#pragma once

#include <string>
#include <vector>

#include "format/base/error.h"

namespace xaas {

// The pipes among the descriptors that `arguments` name ("-", "/dev/stdin", "@/dev/fd/63") are read to their ends and
// replaced by files in memory, which a child that opens the name reads from the beginning. Process-wide. Code::io.
Status keep_pipes(const std::vector<std::string>& arguments);

// Where standard input is to be read again from where it stood; that of a terminal cannot.
class InputStart {
 public:
  InputStart();
  void rewind() const;

 private:
  long long offset_;  // negative: unknown
};

}  // namespace xaas
