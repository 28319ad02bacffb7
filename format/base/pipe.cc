// See pipe.h.
#include "format/base/pipe.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>

namespace xaas {

Result<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return fail_errno("cannot make a pipe");
  return Pipe{.read = Fd(ends[0]), .write = Fd(ends[1])};
}

}  // namespace xaas
