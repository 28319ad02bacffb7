// What units say of the memory of things that other units define: that a variable is constant, or that a function reads
// or changes no memory. Compiled by itself, a unit relies on that only within its own functions. Implements
// spec/lowering.md, "Import is a change of context".
#pragma once

#include <map>
#include <string>

namespace llvm {
class Module;
}

namespace xaas {

// What becomes of memory while a function runs. A variable that may change counts as `changed`, a constant as `unused`.
enum class MemoryUse { unused, read, changed };

using MemoryUses = std::map<std::string, MemoryUse>;  // by the name of a function or variable

// What the unit says of functions and variables that it does not define. Has only what is less than `changed`.
MemoryUses said_memory_uses(const llvm::Module& module);

// What functions and variables do that the unit defines for other units. Has only what is more than `unused`.
MemoryUses real_memory_uses(const llvm::Module& module);

// Add what another unit says, or does, to what is known. The least that is said counts, and the most that is done.
void add_said_uses(const MemoryUses& more, MemoryUses& said);
void add_real_uses(const MemoryUses& more, MemoryUses& real);

}  // namespace xaas
