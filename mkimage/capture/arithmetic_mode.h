// Finds units that change or read how the CPU computes: rounding, denormal numbers, flags of exceptions. LLVM computes
// at compile time as if nobody did. While units are compiled one by one, a unit that computes with the numbers of
// another one computes at run time. Implements spec/lowering.md, "Import is a change of context".
#pragma once

#include <string_view>

namespace llvm {
class Module;
}

namespace xaas {

// Whether a function of libm changes the mode in which floating-point numbers are computed, or reads or clears the
// flags that computing sets.
bool is_mode_function(std::string_view name);

// Whether the unit changes the mode in which floating-point numbers are computed, or reads or clears the flags that
// computing sets.
bool uses_arithmetic_mode(const llvm::Module& module);

// Whether code of the unit computes with floating-point numbers.
bool has_arithmetic(const llvm::Module& module);

}  // namespace xaas
