// The objects on which the handlers of the file system's operations work.
#pragma once

#include "fuse/idle_watch.h"
#include "fuse/lazy_files.h"
#include "fuse/log.h"
#include "fuse/served_tree.h"
#include "fuse/status_nodes.h"

namespace xaas {

// The user data of the session. Borrows everything.
struct Mounted {
  const Image* image = nullptr;
  ServedTree* tree = nullptr;
  LazyFiles* files = nullptr;  // null: nothing is lowered
  Log* log = nullptr;
  StatusNodes* statuses = nullptr;
  Activity* activity = nullptr;  // noted at every request; null: nobody asks
};

}  // namespace xaas
