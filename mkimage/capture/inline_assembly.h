// What the assembly within the functions of a unit says: which symbols it names, and why a copy of it in another
// function or another place would mean something else. Implements spec/lowering.md, "Import is a change of context".
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace llvm {
class Function;
class Module;
}  // namespace llvm

namespace xaas {

// The identifiers in inline assembly. Registers, numbers and the compiler's operands are not among them.
struct AssemblyNames {
  using Names = std::set<std::string, std::less<>>;

  Names all;                         // also mnemonics and directives
  Names operands;                    // those that do not begin a statement
  std::optional<std::string> label;  // a label, which a copy of the text would define a second time

  // Adds the names in a text in LLVM's form.
  void add(std::string_view text);
};

// The names in the assembly within all functions of the unit.
AssemblyNames assembly_names(const llvm::Module& module);

// Whether the function's assembly means the place where it stands:
// - it moves the stack pointer, so the function that has it must keep nothing below the stack pointer;
// - it adds to another section, once for every copy;
// - it may use memory and does not say so, which goes well as long as the function is called.
bool has_assembly_of_its_place(const llvm::Function& function);

// The directive by which the unit's assembly reads another file. A host does not have that file.
std::optional<std::string_view> directive_that_reads(const llvm::Module& module);

}  // namespace xaas
