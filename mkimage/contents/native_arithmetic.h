// Finds native code in a link that changes or reads how the CPU computes; see mkimage/capture/arithmetic_mode.h, which
// does so for units. Implements spec/lowering.md, "Import is a change of context", "Modes of arithmetic".
#pragma once

#include <functional>

#include "format/base/digest.h"
#include "format/base/elf_file.h"
#include "mkimage/contents/program_symbols.h"
#include "mkimage/record/capture_store.h"

namespace xaas {

// Whether an object of the link that is no captured unit calls a function of libm for it (is_mode_function()).
// `installed` is what the link made. Reads objects only if that asks for such a function. flang's runtime does not
// count: it sets the usual mode when a program starts, and tells at a STOP which flags are set.
bool native_code_uses_mode(const LinkRecord& link, const ElfFile& installed,
                           const std::function<bool(const Digest&)>& is_unit, SymbolReader& symbols);

}  // namespace xaas
