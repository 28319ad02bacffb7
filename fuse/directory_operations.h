// The handlers of open directories. A directory is listed once, when it is opened. Part of operations.h.
#pragma once

#include "fuse/operations.h"

namespace xaas {

void add_directory_operations(fuse_lowlevel_ops& operations);

}  // namespace xaas
