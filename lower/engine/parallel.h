// Does one piece of work for each of many units, on several threads.
#pragma once

#include <cstddef>
#include <functional>

#include "format/base/error.h"

namespace xaas {

// Calls work(0) .. work(count - 1) on `threads` threads. All calls are made, and the error with the lowest index is
// returned, so the result does not depend on timing.
Status for_each_parallel(std::size_t count, unsigned threads, const std::function<Status(std::size_t)>& work);

}  // namespace xaas
