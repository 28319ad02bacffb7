// Compiles one retargeted module to a native object by itself, outside ThinLTO. For units with symbols that LTO does
// not see correctly, and for units that must not be mixed with others. Implements spec/lowering.md, "Engine".
#pragma once

#include <string>

#include "format/base/error.h"
#include "format/bitcode/module.h"
#include "lower/engine/retarget.h"
#include "lower/policy.h"

namespace xaas {

struct SectionOptions {
  bool functions = true;  // each function in a section of its own
  bool data = true;       // each variable in a section of its own
};

// The bytes of the ELF object. The call consumes the module. Several threads may compile at once, each with a context
// of its own.
Result<std::string> compile_alone(llvm::Module& module, UnitContext& context, const LinkContext& link,
                                  const Policy& policy, SectionOptions sections);

// The bytes of the ELF object of a module for the link that `fill` makes. `fill` gets it empty, with its target set. It
// is not optimised. Several threads may call it at once.
Result<std::string> compile_made(const std::string& name, const LinkContext& link,
                                 llvm::function_ref<Status(llvm::Module& module)> fill);

// Bytes that the linker is to put into a section, under a name that only the linked file sees.
struct SectionData {
  std::string symbol;
  std::string section;
  std::string bytes;
};

// The bytes of an ELF object that defines the data and has nothing else. Several threads may call it at once.
Result<std::string> compile_data(const SectionData& data, const LinkContext& link);

}  // namespace xaas
