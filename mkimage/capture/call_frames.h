// What the code of a unit has to do with the frames of its callers: exceptions that pass through them, and functions
// that look at the frame in which they run. LLVM changes both when it copies functions into other units. Implements
// spec/lowering.md, "Import is a change of context".
#pragma once

namespace llvm {
class Function;
class Module;
}  // namespace llvm

namespace xaas {

// Whether code of the unit runs when an exception passes: it catches exceptions, or destroys objects.
bool catches_exceptions(const llvm::Module& module);

// Whether the unit was compiled without exceptions and calls functions of which nothing else is known: C, or C++ with
// -fno-exceptions. Its functions are said not to throw, so LLVM takes handlers away from their callers, although an
// exception of a function that they call passes through their frames.
bool hides_exceptions(const llvm::Module& module);

// Whether the function asks for its frame, its return address or the stack pointer, or tells the place of one of its
// variables in the stack: it returns the variable's address, or compares it with that of something else. It means its
// own frame, and not that of a function into which it is copied.
bool looks_at_its_frame(const llvm::Function& function);

}  // namespace xaas
