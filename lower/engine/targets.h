// The code generators that this engine is linked with. Implements spec/lowering.md, "Engine".
#pragma once

namespace xaas {

// Registers them. Thread-safe, cheap after the first call.
void initialise_targets();

}  // namespace xaas
