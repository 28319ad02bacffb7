// A pipe's two ends.
#pragma once

#include "format/base/error.h"
#include "format/base/file.h"

namespace xaas {

struct Pipe {
  Fd read;
  Fd write;
};

// Both with O_CLOEXEC.
Result<Pipe> make_pipe();

}  // namespace xaas
