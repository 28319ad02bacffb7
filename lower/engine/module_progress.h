// Tells the parent of a worker how many modules are done, while the worker does its job. Implements spec/lowering.md,
// "Progress".
#pragma once

namespace xaas {

// From now on a byte is written to the descriptor that the environment names, for each module that is done. Without the
// name, or without the descriptor, nothing is written. Call it once, before other threads start.
void begin_module_progress();

// One more module is done: its code is made, or was there already. Thread-safe.
void module_is_done();

}  // namespace xaas
