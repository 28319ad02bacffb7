// Canonical IR: the one form in which a translation unit is stored, so that units with the same meaning have the same
// bytes. Implements spec/lowering.md, section "Canonical form".
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "format/base/error.h"
#include "mkimage/capture/device_code.h"
#include "mkimage/capture/optimising_context.h"

namespace xaas {

// The target attributes that clang, for one set of -m flags, gives a function without target() of its own.
struct UnitTarget {
  std::string features;  // "+cx8,+mmx,+sse,+sse2,+x87"
  std::string cpu;       // usually empty
  std::string tune_cpu;  // usually empty
  bool operator==(const UnitTarget&) const = default;
};

// Reads the target attributes from the bitcode or textual IR of a unit that defines at least one plain function.
Result<UnitTarget> read_unit_target(std::string_view bitcode);

// What the options of a unit allow it to use of a CPU.
struct AllowedFeatures {
  std::vector<std::string> options;     // features for which the unit's own options ask, as in IrInput
  std::vector<std::string> level = {};  // what its level adds to them
  std::vector<std::string> asks = {};   // macros and built-in functions that the level gives the unit
};

// Names of symbols that other units can see.
struct ModuleSymbols {
  std::set<std::string> defined;
  std::set<std::string> needed;
  std::set<std::string> weak{};  // that a weak reference names, which need not be defined
};

struct CanonicalIr {
  std::string bitcode;
  OptimisingContext context;
  // Those of the allowed features that the unit requires; see used_features() and used_level_features(). Sorted.
  std::vector<std::string> features;
  ModuleSymbols symbols;  // only if the allowed features name a level
  // The code for GPUs that was taken out of a CUDA unit; see take_device_code().
  TakenDeviceCode device;
};

// The canonical form of a ThinLTO pre-link module. `object` is the module's native object, or empty if not known.
// Code::invalid if `bitcode` is no valid module of this LLVM or
// holds more than one. The same input gives the same bytes in every process, and canonicalising twice changes nothing.
// Thread-safe.
Result<CanonicalIr> canonicalise(std::string_view bitcode, const UnitTarget& own, std::string_view object = {},
                                 const AllowedFeatures& features = {});

// The canonical form of a unit's code for GPUs, or of the code that clang links to it, before it is optimised with that
// of other units. It says nothing of the GPU. Code::invalid as for canonicalise(). Thread-safe.
Result<std::string> canonicalise_for_gpu(std::string_view bitcode);

}  // namespace xaas
