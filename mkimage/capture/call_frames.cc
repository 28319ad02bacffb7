// See call_frames.h.
#include "mkimage/capture/call_frames.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/SmallPtrSet.h>
#include <llvm/ADT/SmallVector.h>
#include <llvm/IR/InlineAsm.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/Instructions.h>
#include <llvm/IR/Intrinsics.h>
#include <llvm/IR/Module.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace xaas {
namespace {

#if defined(__aarch64__)
constexpr auto kFrameRegisters = std::to_array<std::string_view>({"sp", "x29", "x30"});
#else
constexpr auto kFrameRegisters = std::to_array<std::string_view>({"ebp", "esp", "rbp", "rsp"});
#endif

// Whether only the call, and nothing about the called function, says that it does not throw.
bool only_says_not_to_throw(const llvm::CallBase& call) {
  if (!call.hasFnAttr(llvm::Attribute::NoUnwind) || call.isInlineAsm()) return false;
  const llvm::Function* called = call.getCalledFunction();
  return called == nullptr || (called->isDeclaration() && !called->isIntrinsic() && !called->doesNotThrow());
}

bool asks_for_frame(const llvm::CallBase& call) {
  switch (call.getIntrinsicID()) {
    case llvm::Intrinsic::addressofreturnaddress:
    case llvm::Intrinsic::frameaddress:
    case llvm::Intrinsic::read_register:
    case llvm::Intrinsic::returnaddress:
    case llvm::Intrinsic::sponentry:
      return true;
    default:
      break;
  }
  const auto* assembly = llvm::dyn_cast<llvm::InlineAsm>(call.getCalledOperand());
  if (assembly == nullptr) return false;
  const std::string_view text = assembly->getAsmString();
  return std::ranges::any_of(kFrameRegisters, [&](std::string_view name) { return text.find(name) != text.npos; });
}

// The address of a local variable, and what is computed from it alone.
using Addresses = llvm::SmallPtrSet<const llvm::Value*, 8>;

bool is_computed_alone(const llvm::User& user) {
  if (llvm::isa<llvm::GetElementPtrInst, llvm::CastInst, llvm::PHINode, llvm::SelectInst>(user)) return true;
  const auto* sum = llvm::dyn_cast<llvm::BinaryOperator>(&user);
  return sum != nullptr && (sum->getOpcode() == llvm::Instruction::Add || sum->getOpcode() == llvm::Instruction::Sub) &&
         llvm::isa<llvm::Constant>(sum->getOperand(1));
}

Addresses addresses_of(const llvm::AllocaInst& local) {
  Addresses addresses;
  llvm::SmallVector<const llvm::Value*, 8> rest = {&local};
  while (!rest.empty()) {
    const llvm::Value* value = rest.pop_back_val();
    if (!addresses.insert(value).second) continue;
    for (const llvm::User* user : value->users())
      if (is_computed_alone(*user)) rest.push_back(user);
  }
  return addresses;
}

// Whether the user of such an address returns it, or compares it with an address that is not of the same variable.
bool tells_place(const llvm::User& user, const Addresses& addresses) {
  if (llvm::isa<llvm::ReturnInst>(user)) return true;
  const auto* comparison = llvm::dyn_cast<llvm::ICmpInst>(&user);
  const auto* difference = llvm::dyn_cast<llvm::BinaryOperator>(&user);
  const bool is_relation = comparison != nullptr && comparison->isRelational();
  const bool is_difference = difference != nullptr && difference->getOpcode() == llvm::Instruction::Sub;
  if (!is_relation && !is_difference) return false;
  return llvm::any_of(user.operands(), [&](const llvm::Use& operand) {
    return !addresses.contains(operand.get()) && !llvm::isa<llvm::Constant>(operand.get());
  });
}

// Whether the variable is there for what is in it: the function reads it, or lends it to a function that it calls. What
// is compared then are places within a buffer, mostly.
bool is_of_use(const Addresses& addresses) {
  const auto is_use = [](const llvm::User* user) {
    const auto* load = llvm::dyn_cast<llvm::LoadInst>(user);
    if (load != nullptr) return !load->isVolatile();
    const auto* call = llvm::dyn_cast<llvm::CallBase>(user);
    return call != nullptr && !call->isLifetimeStartOrEnd();
  };
  return llvm::any_of(addresses, [&](const llvm::Value* address) { return llvm::any_of(address->users(), is_use); });
}

bool tells_place_of_local(const llvm::Function& function) {
  return llvm::any_of(llvm::instructions(function), [](const llvm::Instruction& instruction) {
    const auto* local = llvm::dyn_cast<llvm::AllocaInst>(&instruction);
    if (local == nullptr) return false;
    const Addresses addresses = addresses_of(*local);
    if (is_of_use(addresses)) return false;
    return llvm::any_of(addresses, [&](const llvm::Value* address) {
      return llvm::any_of(address->users(), [&](const llvm::User* user) { return tells_place(*user, addresses); });
    });
  });
}

bool has_call(const llvm::Function& function, bool (*is_wanted)(const llvm::CallBase&)) {
  return llvm::any_of(llvm::instructions(function), [&](const llvm::Instruction& instruction) {
    const auto* call = llvm::dyn_cast<llvm::CallBase>(&instruction);
    return call != nullptr && is_wanted(*call);
  });
}

}  // namespace

bool catches_exceptions(const llvm::Module& module) {
  return llvm::any_of(module, [](const llvm::Function& function) { return function.hasPersonalityFn(); });
}

bool hides_exceptions(const llvm::Module& module) {
  const auto throws = [](const llvm::Function& function) {
    return !function.isDeclaration() && (!function.doesNotThrow() || function.hasPersonalityFn());
  };
  if (llvm::any_of(module, throws)) return false;
  return llvm::any_of(module,
                      [](const llvm::Function& function) { return has_call(function, only_says_not_to_throw); });
}

bool looks_at_its_frame(const llvm::Function& function) {
  return has_call(function, asks_for_frame) || tells_place_of_local(function);
}

}  // namespace xaas
