// The code generators with which this engine is linked. Implements spec/lowering.md, "Engine".
#pragma once

namespace xaas {

// Registers the code generators. Thread-safe, and cheap after the first call.
void initialise_targets();

}  // namespace xaas
