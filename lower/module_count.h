// How far a worker is with a file, in modules: the parts of a link for which it makes code one by one.
#pragma once

#include <cstddef>
#include <functional>
#include <string>

namespace xaas {

struct ModuleCount {
  std::size_t done = 0;  // whose code is made or taken from the cache; at most `all`
  std::size_t all = 0;   // 0: no worker has begun
  bool operator==(const ModuleCount&) const = default;
};

// Called whenever the count has changed, from the thread that waits for the worker. A job that is tried once more
// begins at 0 again.
using ModuleReport = std::function<void(const ModuleCount&)>;

// "12 of 42 modules"; empty if no worker has begun.
std::string to_text(const ModuleCount& count);

}  // namespace xaas
