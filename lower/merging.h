// Whether the units of a link become one module, in which LLVM sees the whole program. Implements spec/lowering.md,
// "Merging".
#pragma once

#include <map>
#include <mutex>
#include <string>

#include "format/error.h"
#include "lower/engine_link.h"
#include "lower/engine_llvm.h"
#include "lower/job.h"

namespace xaas {

// Whether the policy wants it and nothing but this program can replace its definitions: libraries without -Bsymbolic,
// of which LD_PRELOAD may replace any exported function, keep their units apart. Code::invalid or io where the size of
// a unit cannot be had.
Result<bool> is_to_be_merged(const Job& job, const std::vector<LinkUnit>& units);

// The flags that the modules of a link carry (the size of wchar_t, the code model, …), of which LLVM lets only some
// differ in modules that become one. Thread-safe.
class ModuleFlags {
 public:
  void add(const llvm::Module& module);
  bool agree() const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::string> flags_;  // what must be the same, as text
  bool agree_ = true;
};

}  // namespace xaas
