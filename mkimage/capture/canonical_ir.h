// Canonical IR: the one form in which a translation unit is stored, so that equal units are equal bytes. Implements
// spec/lowering.md, section "Canonical form".
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "format/base/error.h"
#include "mkimage/capture/optimising_context.h"

namespace xaas {

// The target attributes that clang gives a function which has no target() of its own, for one set of -m flags.
struct UnitTarget {
  std::string features;  // "+cx8,+mmx,+sse,+sse2,+x87"
  std::string cpu;       // usually empty
  std::string tune_cpu;  // usually empty
  bool operator==(const UnitTarget&) const = default;
};

// Reads them from the bitcode (or textual IR) of a unit that defines at least one plain function.
Result<UnitTarget> read_unit_target(std::string_view bitcode);

struct CanonicalIr {
  std::string bitcode;
  OptimisingContext context;
  std::vector<std::string> features;  // the unit's features that it uses: see used_features()
};

// The canonical form of a ThinLTO pre-link module, whose native object is `object` (empty: none is known) and whose
// options ask for `features`.
// Code::invalid when `bitcode` is no valid module of this LLVM or holds more than one. The same input gives the same
// bytes in every process; canonicalising twice changes nothing. Thread-safe.
Result<CanonicalIr> canonicalise(std::string_view bitcode, const UnitTarget& own, std::string_view object = {},
                                 const std::vector<std::string>& features = {});

}  // namespace xaas
