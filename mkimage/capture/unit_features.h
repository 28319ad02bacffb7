// Which target features a unit's own -m flags set, told by the compiler itself.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "format/base/error.h"
#include "mkimage/capture/canonical_ir.h"

namespace xaas {

// The entries of `unit` that `base` has not, and "-x" for each "+x" that only `base` has; sorted. Both are lists as
// LLVM writes them: "+avx,+sse,-avx512f".
std::vector<std::string> feature_difference(const std::string& base, const std::string& unit);

struct UnitFeatures {
  UnitTarget target;                  // what clang writes on every function of such a unit
  std::vector<std::string> features;  // as in IrInput
};

// Asks each compiler once for each set of flags. Not thread-safe.
class UnitFeatureTable {
 public:
  // `c_compiler` tells the features that flags stand for; flang only passes the flags on.
  explicit UnitFeatureTable(std::string c_compiler) : c_compiler_(std::move(c_compiler)) {}
  // Of units that `compiler` compiled.
  Result<UnitFeatures> lookup(const std::string& compiler, const std::vector<std::string>& machine_options);

 private:
  Result<UnitFeatures> ask_c(const std::vector<std::string>& machine_options);
  Result<UnitFeatures> ask_fortran(const std::string& compiler, const std::vector<std::string>& machine_options);

  std::string c_compiler_;
  std::map<std::pair<std::string, std::vector<std::string>>, UnitFeatures> known_;
};

}  // namespace xaas
