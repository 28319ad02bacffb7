// See call_frames.h.
#include "mkimage/capture/call_frames.h"

#include <llvm/ADT/STLExtras.h>
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

bool looks_at_its_frame(const llvm::Function& function) { return has_call(function, asks_for_frame); }

}  // namespace xaas
