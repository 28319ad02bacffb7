// The handlers of open directories, a part of operations.h. A directory is listed once, when it is opened.
#pragma once

#include "fuse/libfuse.h"

namespace xaas {

// Adds the handlers of opendir, readdir, readdirplus and releasedir to the table.
void add_directory_operations(fuse_lowlevel_ops& operations);

}  // namespace xaas
