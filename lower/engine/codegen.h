// Compiles one retargeted module to a native object by itself, outside ThinLTO: for units whose symbols LTO does not
// see rightly, or that must not be mixed with others. Implements spec/lowering.md, "Engine".
#pragma once

#include <string>

#include "format/base/error.h"
#include "format/bitcode/module.h"
#include "lower/engine/retarget.h"
#include "lower/policy.h"

namespace xaas {

struct SectionOptions {
  bool functions = true;  // each in a section of its own
  bool data = true;       // likewise
};

// The bytes of the ELF object. The module is used up. Several threads may compile, each its own context.
Result<std::string> compile_alone(llvm::Module& module, UnitContext& context, const LinkContext& link,
                                  const Policy& policy, SectionOptions sections);

}  // namespace xaas
