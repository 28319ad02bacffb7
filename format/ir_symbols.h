// The symbols that a translation unit needs from elsewhere, read from its bitcode without LLVM, which few tools link.
// Knows only as much of LLVM's bitstreams as that takes: blocks, abbreviations, and the records of functions and
// variables in a module.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "format/base/error.h"

namespace xaas {

// The functions and variables that the unit declares and does not define, sorted, by their names for the linker. LLVM's
// own functions count as those that code generation may call for them: "memcpy", or "exp". What it calls besides is not
// known. Code::invalid if this is no bitcode, or is damaged.
Result<std::vector<std::string>> undefined_ir_symbols(std::string_view bitcode);

}  // namespace xaas
