// Looks at uses of strings, and at numbers that could be their lengths; see lone_strings.h.
#include "mkimage/capture/lone_strings.h"

#include <llvm/IR/DataLayout.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/Instructions.h>
#include <llvm/IR/IntrinsicInst.h>

#include <algorithm>
#include <array>

#include "format/string_mark.h"

namespace xaas {
namespace {

// The most that programs add to a length or subtract from it: the NUL, a separator.
constexpr std::uint64_t kSlack = 2;
constexpr unsigned kMinWidth = 16;  // narrower numbers are characters

bool is_between(const std::set<std::uint64_t>& numbers, std::uint64_t first, std::uint64_t last) {
  const auto found = numbers.lower_bound(first);
  return found != numbers.end() && *found <= last;
}

// Whether it is a function of the C++ library. Such functions learn lengths from their callers, or have them in their
// names.
bool is_of_library(const llvm::Function& function) {
  const llvm::StringRef name = function.getName();
  return name.starts_with("_ZNSt") || name.starts_with("_ZNKSt") || name.starts_with("_ZSt") ||
         name.starts_with("_ZN9__gnu_cxx") || name.starts_with("_ZNK9__gnu_cxx");
}

// Whether it is a function of the library that takes arrays by reference, and so has their sizes in its name, only to
// hand them on. The function that gets them has a name of its own.
bool only_hands_on(const llvm::Function& function) {
  constexpr std::array kParts = {"4pair",   "5tuple",   "11_Tuple_impl", "10_Head_base",      "9_Rb_tree",
                                 "emplace", "7forward", "onstruct",      "_M_realloc_insert", "_M_realloc_append"};
  return is_of_library(function) &&
         std::ranges::any_of(kParts, [&](const char* part) { return function.getName().contains(part); });
}

// An amount of memory to reserve says nothing about what is in it.
bool is_about_memory(const llvm::Instruction& instruction) {
  if (llvm::isa<llvm::AllocaInst, llvm::LifetimeIntrinsic, llvm::MemIntrinsic>(instruction)) return true;
  const auto* call = llvm::dyn_cast<llvm::CallBase>(&instruction);
  const llvm::Function* callee = call == nullptr ? nullptr : call->getCalledFunction();
  if (callee == nullptr) return false;
  const llvm::StringRef name = callee->getName();
  return (name.contains("alloc") && !name.starts_with("_Z")) || name.starts_with("_Znw") || name.starts_with("_Zna") ||
         name.starts_with("_Zdl") || name.starts_with("_Zda");
}

}  // namespace

LoneStrings::LoneStrings(const llvm::Module& module, llvm::StringRef prefix)
    : module_(module), prefix_(prefix), size_bits_(module.getDataLayout().getPointerSizeInBits()) {
  note_module();
}

void LoneStrings::note_module() {
  for (const llvm::Function& function : module_) {
    if (!only_hands_on(function)) note_name(function.getName());
    if (is_of_library(function)) continue;
    const Numbers& numbers = numbers_of(function);
    module_numbers_.any.insert(numbers.any.begin(), numbers.any.end());
    module_numbers_.sizes.insert(numbers.sizes.begin(), numbers.sizes.end());
  }
  Numbers of_constants;
  for (const llvm::GlobalVariable& variable : module_.globals()) {
    if (variable.hasInitializer()) note(*variable.getInitializer(), of_constants);
  }
  other_numbers_.insert(of_constants.any.begin(), of_constants.any.end());
}

// The mangled name of a function that takes an array holds the array's size.
void LoneStrings::note_name(llvm::StringRef mangled) {
  if (!mangled.starts_with("_Z")) return;
  while (!mangled.empty()) {
    mangled = mangled.drop_until([](char c) { return c >= '0' && c <= '9'; });
    std::uint64_t number = 0;
    if (!mangled.consumeInteger(10, number)) {
      other_numbers_.insert(number);
    } else {
      mangled = mangled.drop_while([](char c) { return c >= '0' && c <= '9'; });  // too large
    }
  }
}

void LoneStrings::note_number(const llvm::APInt& number, Numbers& numbers) const {
  constexpr unsigned kMaxWidth = 64;
  if (number.getBitWidth() < kMinWidth || number.getBitWidth() > kMaxWidth) return;
  const std::uint64_t value = number.abs().getZExtValue();  // a number that is subtracted is negative
  if (value + kSlack < prefix_.size() || value > prefix_.size() + kMaxTail + 1 + kSlack) return;
  numbers.any.insert(value);
  if (number.getBitWidth() == size_bits_) numbers.sizes.insert(value);
}

void LoneStrings::note(const llvm::Constant& constant, Numbers& numbers) const {
  if (const auto* number = llvm::dyn_cast<llvm::ConstantInt>(&constant))
    return note_number(number->getValue(), numbers);
  if (const auto* data = llvm::dyn_cast<llvm::ConstantDataSequential>(&constant)) {
    if (!data->getElementType()->isIntegerTy() || data->getElementByteSize() * 8 < kMinWidth) return;
    for (unsigned i = 0; i < data->getNumElements(); ++i) note_number(data->getElementAsAPInt(i), numbers);
    return;
  }
  if (llvm::isa<llvm::GlobalValue, llvm::BlockAddress>(constant)) return;
  for (const llvm::Use& operand : constant.operands()) {
    if (const auto* part = llvm::dyn_cast<llvm::Constant>(operand.get())) note(*part, numbers);
  }
}

const LoneStrings::Numbers& LoneStrings::numbers_of(const llvm::Function& function) {
  const auto [found, inserted] = numbers_.try_emplace(&function);
  Numbers& numbers = found->second;
  if (!inserted) return numbers;
  for (const llvm::Instruction& instruction : llvm::instructions(function)) {
    if (is_about_memory(instruction)) continue;
    for (const llvm::Use& operand : instruction.operands()) {
      if (const auto* constant = llvm::dyn_cast<llvm::Constant>(operand.get())) note(*constant, numbers);
    }
  }
  return numbers;
}

bool LoneStrings::contains(const llvm::GlobalVariable& variable) {
  if (!variable.hasLocalLinkage() || !variable.isConstant() || !variable.hasInitializer() || variable.hasSection() ||
      variable.hasComdat() || variable.isThreadLocal()) {
    return false;
  }
  const auto* data = llvm::dyn_cast<llvm::ConstantDataSequential>(variable.getInitializer());
  if (data == nullptr || !data->isCString()) return false;
  const llvm::StringRef text = data->getAsCString();
  const std::size_t at = text.find(prefix_);
  if (at == llvm::StringRef::npos || text.find(prefix_, at + 1) != llvm::StringRef::npos) return false;
  if (text.size() > prefix_.size() + kMaxTail) return false;  // bounds the numbers that matter
  const std::uint64_t size = text.size() + 1;
  if (is_measured_in_module(size)) return false;
  Functions users;
  visited_.clear();
  if (!is_handed_on(variable, users, size)) return false;
  return std::none_of(users.begin(), users.end(),
                      [&](const llvm::Function* function) { return is_measured_in(*function, size); });
}

// Whether all uses only hand the address on. Adds the functions that then have it to `users`.
bool LoneStrings::is_handed_on(const llvm::Value& value, Functions& users, std::uint64_t size) {
  if (!visited_.insert(&value).second) return true;
  return llvm::all_of(value.uses(), [&](const llvm::Use& use) {
    if (const auto* instruction = llvm::dyn_cast<llvm::Instruction>(use.getUser())) {
      return is_handed_on_by(*instruction, use, users, size);
    }
    const auto* holder = llvm::dyn_cast<llvm::Constant>(use.getUser());
    return holder != nullptr && is_kept_by(*holder, users, size);
  });
}

bool LoneStrings::is_handed_on_by(const llvm::Instruction& instruction, const llvm::Use& use, Functions& users,
                                  std::uint64_t size) {
  users.insert(instruction.getFunction());
  if (const auto* call = llvm::dyn_cast<llvm::CallBase>(&instruction)) {
    if (llvm::isa<llvm::IntrinsicInst>(call) || call->isInlineAsm() || !call->isArgOperand(&use)) return false;
    return !call->isPassPointeeByValueArgument(call->getArgOperandNo(&use));
  }
  if (llvm::isa<llvm::StoreInst>(instruction)) return use.getOperandNo() == 0;
  if (llvm::isa<llvm::LoadInst>(instruction)) return instruction.getType()->isIntegerTy(8);  // its first character
  if (llvm::isa<llvm::SelectInst, llvm::PHINode>(instruction)) return is_handed_on(instruction, users, size);
  if (const auto* comparison = llvm::dyn_cast<llvm::ICmpInst>(&instruction)) return comparison->isEquality();
  return llvm::isa<llvm::ReturnInst>(instruction);
}

// Whether `holder` is a constant that keeps the address in its initialiser, by itself or in arrays and structures
// without numbers that could be the string's length.
bool LoneStrings::is_kept_by(const llvm::Constant& holder, Functions& users, std::uint64_t size) {
  if (const auto* variable = llvm::dyn_cast<llvm::GlobalVariable>(&holder)) {
    if (variable->getName().starts_with("llvm.")) return false;
    Numbers beside;
    note(*variable->getInitializer(), beside);
    if (is_between(beside.any, prefix_.size() - kSlack, size + kSlack)) return false;
    llvm::SmallVector<const llvm::User*> pending(variable->users());
    llvm::SmallPtrSet<const llvm::User*, 16> seen;
    while (!pending.empty()) {
      const llvm::User* user = pending.pop_back_val();
      if (!seen.insert(user).second) continue;
      if (const auto* instruction = llvm::dyn_cast<llvm::Instruction>(user)) {
        users.insert(instruction->getFunction());
      } else {
        pending.append(user->user_begin(), user->user_end());
      }
    }
    return true;
  }
  if (!llvm::isa<llvm::ConstantAggregate>(holder)) return false;  // an expression computes with the address
  if (!visited_.insert(&holder).second) return true;
  return llvm::all_of(holder.users(), [&](const llvm::User* user) {
    if (const auto* instruction = llvm::dyn_cast<llvm::Instruction>(user)) {
      users.insert(instruction->getFunction());
      return llvm::isa<llvm::StoreInst, llvm::ReturnInst>(instruction);
    }
    const auto* outer = llvm::dyn_cast<llvm::Constant>(user);
    return outer != nullptr && is_kept_by(*outer, users, size);
  });
}

// Whether a function that need not have the string measures it: by sizeof, strlen or a string class, which leave only a
// number. Numbers that are no sizes are so many that only exact ones count.
bool LoneStrings::is_measured_in_module(std::uint64_t size) const {
  const auto is_length = [&](const std::set<std::uint64_t>& numbers) { return is_between(numbers, size - 1, size); };
  return is_length(module_numbers_.any) || is_length(other_numbers_) ||
         is_between(module_numbers_.sizes, prefix_.size(), size + 1);
}

bool LoneStrings::is_measured_in(const llvm::Function& function, std::uint64_t size) {
  const Numbers& numbers = numbers_of(function);
  return is_between(numbers.any, prefix_.size() - 1, prefix_.size() + 1) ||
         is_between(numbers.any, size - kSlack, size + kSlack) ||
         is_between(numbers.sizes, prefix_.size() - kSlack, size + kSlack);
}

}  // namespace xaas
