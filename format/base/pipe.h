// The two ends of a pipe.
#pragma once

#include "format/base/error.h"
#include "format/base/file.h"

namespace xaas {

struct Pipe {
  Fd read;
  Fd write;
};

// Both ends have O_CLOEXEC.
Result<Pipe> make_pipe();

}  // namespace xaas
