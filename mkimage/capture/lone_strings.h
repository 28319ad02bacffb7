// Finds the strings of a module that stand alone: every user finds the end by the NUL, and nothing measured the string
// at compile time. Only such a string may become shorter when the prefix is replaced. Implements spec/image-format.md,
// "Prefix".
#pragma once

#include <llvm/ADT/DenseMap.h>
#include <llvm/ADT/SmallPtrSet.h>
#include <llvm/IR/Constants.h>
#include <llvm/IR/Module.h>

#include <cstddef>
#include <cstdint>
#include <set>

namespace xaas {

// For a module that no optimisation has changed, because optimisation moves lengths away from where the source has
// them. In doubt a string does not stand alone. The module must not change during the life of the object, except for
// the contents of strings. Not thread-safe.
class LoneStrings {
 public:
  LoneStrings(const llvm::Module& module, llvm::StringRef prefix);
  bool contains(const llvm::GlobalVariable& variable);

 private:
  // Numbers that may be the length of a string with the prefix.
  struct Numbers {
    std::set<std::uint64_t> any;    // numbers of any width from 16 bits on
    std::set<std::uint64_t> sizes;  // numbers as wide as a size_t
  };
  using Functions = llvm::SmallPtrSet<const llvm::Function*, 8>;

  void note(const llvm::Constant& constant, Numbers& numbers) const;
  void note_number(const llvm::APInt& number, Numbers& numbers) const;
  void note_name(llvm::StringRef mangled);
  void note_module();
  const Numbers& numbers_of(const llvm::Function& function);
  bool is_handed_on(const llvm::Value& value, Functions& users, std::uint64_t size);
  bool is_handed_on_by(const llvm::Instruction& instruction, const llvm::Use& use, Functions& users,
                       std::uint64_t size);
  bool is_kept_by(const llvm::Constant& holder, Functions& users, std::uint64_t size);
  bool is_measured_in_module(std::uint64_t size) const;
  bool is_measured_in(const llvm::Function& function, std::uint64_t size);

  const llvm::Module& module_;
  const llvm::StringRef prefix_;
  const unsigned size_bits_;
  Numbers module_numbers_;                 // numbers in functions that may know the prefix
  std::set<std::uint64_t> other_numbers_;  // numbers in constants and in names of functions
  llvm::DenseMap<const llvm::Function*, Numbers> numbers_;
  llvm::SmallPtrSet<const llvm::Value*, 16> visited_;  // used while contains() runs
};

}  // namespace xaas
