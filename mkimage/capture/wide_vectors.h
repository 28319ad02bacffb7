// Finds out whether a unit passes wide vectors to functions. A vector that is wider than a register of the CPU is
// passed in memory, a narrower one in registers. So such a unit depends on the CPU, whether it looks at a macro or not.
// Implements spec/lowering.md, "Code that asks for the CPU".
#pragma once

#include <clang/AST/ASTContext.h>
#include <clang/Basic/SourceLocation.h>
#include <llvm/ADT/STLFunctionalExtras.h>
#include <llvm/ADT/StringRef.h>

#include <set>
#include <string>

namespace xaas {

// Vectors of more than `bits` bits.
struct WideVector {
  unsigned bits;
  const char* name;   // under which a unit that passes them asks for the CPU
  const char* macro;  // what only CPUs have whose registers hold such vectors
};

// The wide vectors of that name, or nullptr.
const WideVector* find_wide_vector(llvm::StringRef name);

// The names of the wide vectors that functions of the unit take or return, or that its calls pass. Empty where all CPUs
// of the unit's architecture pass vectors alike. `is_own`: whether a place is in one of the compiler's own headers,
// whose functions are inlined and therefore do not count. REQUIRES: the unit has been parsed.
std::set<std::string> passed_wide_vectors(clang::ASTContext& context,
                                          llvm::function_ref<bool(clang::SourceLocation)> is_own);

}  // namespace xaas
