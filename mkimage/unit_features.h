// Which target features a unit's own -m flags set, told by the compiler itself.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "format/error.h"
#include "mkimage/canonical_ir.h"

namespace xaas {

// The entries of `unit` that `base` has not, and "-x" for each "+x" that only `base` has; sorted. Both are lists as
// LLVM writes them: "+avx,+sse,-avx512f".
std::vector<std::string> feature_difference(const std::string& base, const std::string& unit);

struct UnitFeatures {
  UnitTarget target;                  // what clang writes on every function of such a unit
  std::vector<std::string> features;  // as in IrInput
};

// Asks `compiler` once for each set of flags. Not thread-safe.
class UnitFeatureTable {
 public:
  explicit UnitFeatureTable(std::string compiler) : compiler_(std::move(compiler)) {}
  Result<UnitFeatures> lookup(const std::vector<std::string>& machine_options);

 private:
  Result<UnitTarget> ask(const std::vector<std::string>& machine_options) const;

  std::string compiler_;
  std::map<std::vector<std::string>, UnitFeatures> known_;
};

}  // namespace xaas
