// Finds the target features that a unit's own -m flags set, by asking the compiler.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "format/base/error.h"
#include "mkimage/capture/canonical_ir.h"

namespace xaas {

// The entries of `unit` that `base` lacks, and "-x" for each "+x" that only `base` has. Sorted. Both arguments are
// lists as LLVM writes them: "+avx,+sse,-avx512f".
std::vector<std::string> feature_difference(const std::string& base, const std::string& unit);

struct UnitFeatures {
  UnitTarget target;                  // what clang writes on every function of such a unit
  std::vector<std::string> features;  // as in IrInput
};

// Asks each compiler once for each set of flags. Not thread-safe.
class UnitFeatureTable {
 public:
  // `c_compiler` knows which features flags stand for; flang only passes flags on.
  explicit UnitFeatureTable(std::string c_compiler) : c_compiler_(std::move(c_compiler)) {}
  // The features of units that `compiler` compiled with `machine_options`.
  Result<UnitFeatures> lookup(const std::string& compiler, const std::vector<std::string>& machine_options);

 private:
  Result<UnitFeatures> ask_c(const std::vector<std::string>& machine_options);
  Result<UnitFeatures> ask_fortran(const std::string& compiler, const std::vector<std::string>& machine_options);

  std::string c_compiler_;
  std::map<std::pair<std::string, std::vector<std::string>>, UnitFeatures> known_;
};

}  // namespace xaas
