// See unit_borders.h.
#include "lower/engine/unit_borders.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/SmallPtrSet.h>
#include <llvm/ADT/SmallVector.h>
#include <llvm/Analysis/LoopInfo.h>
#include <llvm/IR/Constants.h>
#include <llvm/IR/Dominators.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/InlineAsm.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/Instructions.h>
#include <llvm/Support/ModRef.h>

namespace xaas {
namespace {

// Above this size LLVM inlines no local variables into a function that calls itself.
constexpr std::uint64_t kLargeFrame = 1024;

// Assembly without instructions, of which LLVM does not know what it does.
void add_assembly(llvm::Instruction& before, llvm::StringRef constraints) {
  llvm::IRBuilder<> builder(&before);
  auto* type = llvm::FunctionType::get(builder.getVoidTy(), /*isVarArg=*/false);
  llvm::CallInst* call = builder.CreateCall(type, llvm::InlineAsm::get(type, "", constraints, /*hasSideEffects=*/true));
  call->setDoesNotThrow();
}

// LLVM runs constructors when it compiles, with the values that variables of other units have before any constructor
// has run. It runs none that has assembly. What a constructor computes from its own unit was computed at the build.
void run_constructors_at_start(llvm::Module& module) {
  const llvm::GlobalVariable* list = module.getNamedGlobal("llvm.global_ctors");
  const auto* entries = list == nullptr || !list->hasInitializer()
                            ? nullptr
                            : llvm::dyn_cast<llvm::ConstantArray>(list->getInitializer());
  if (entries == nullptr) return;
  constexpr unsigned kFunctionField = 1;
  for (const llvm::Use& entry : entries->operands()) {
    auto* function = llvm::dyn_cast_or_null<llvm::Function>(
        llvm::cast<llvm::Constant>(entry.get())->getAggregateElement(kFunctionField)->stripPointerCasts());
    if (function != nullptr && !function->isDeclaration())
      add_assembly(*function->getEntryBlock().getFirstNonPHIOrDbgOrAlloca(), "");
  }
}

// Whether it calls a function of another unit, which may change any memory for all that this unit says.
bool calls_other_unit(const llvm::Instruction& instruction) {
  const auto* call = llvm::dyn_cast<llvm::CallBase>(&instruction);
  const llvm::Function* called = call == nullptr ? nullptr : call->getCalledFunction();
  return called != nullptr && called->isDeclaration() && !called->isIntrinsic() &&
         llvm::isModSet(call->getMemoryEffects().getModRef(llvm::IRMemLocation::Other));
}

// Whether the value can be another one each time around the loop only because memory, or what a call answers, has
// changed.
bool comes_from_memory(const llvm::Value& value, const llvm::Loop& loop) {
  bool has_memory = false;
  llvm::SmallPtrSet<const llvm::Value*, 8> seen;
  llvm::SmallVector<const llvm::Value*, 8> rest = {&value};
  while (!rest.empty()) {
    const auto* instruction = llvm::dyn_cast<llvm::Instruction>(rest.pop_back_val());
    if (instruction == nullptr || !loop.contains(instruction) || !seen.insert(instruction).second) continue;
    if (llvm::isa<llvm::PHINode>(instruction) && loop.getHeader() == instruction->getParent()) return false;
    has_memory |= instruction->mayReadFromMemory();
    for (const llvm::Use& operand : instruction->operands()) rest.push_back(operand.get());
  }
  return has_memory;
}

bool waits(const llvm::Loop& loop) {
  llvm::SmallVector<llvm::BasicBlock*, 4> blocks;
  loop.getExitingBlocks(blocks);
  return llvm::any_of(blocks, [&](const llvm::BasicBlock* block) {
    const auto* branch = llvm::dyn_cast<llvm::BranchInst>(block->getTerminator());
    return branch != nullptr && branch->isConditional() && comes_from_memory(*branch->getCondition(), loop);
  });
}

// A loop may wait until another thread or a handler of signals changes a variable. Each call of another unit's function
// makes it look again, whatever that function does.
void keep_waiting(llvm::Function& function) {
  if (llvm::none_of(llvm::instructions(function), calls_other_unit)) return;
  const llvm::DominatorTree dominators(function);
  const llvm::LoopInfo loops(dominators);
  llvm::SmallVector<llvm::Instruction*, 8> calls;
  for (const llvm::Loop* loop : loops.getLoopsInPreorder()) {
    if (!waits(*loop)) continue;
    for (llvm::BasicBlock* block : loop->blocks())
      for (llvm::Instruction& instruction : *block)
        if (loops.getLoopFor(block) == loop && calls_other_unit(instruction)) calls.push_back(&instruction);
  }
  for (llvm::Instruction* call : calls) add_assembly(*call, "~{memory}");
}

bool has_large_frame(const llvm::Function& function) {
  const llvm::DataLayout& layout = function.getParent()->getDataLayout();
  std::uint64_t size = 0;
  for (const llvm::Instruction& instruction : llvm::instructions(function)) {
    const auto* local = llvm::dyn_cast<llvm::AllocaInst>(&instruction);
    const auto bytes = local == nullptr ? std::nullopt : local->getAllocationSize(layout);
    if (bytes && !bytes->isScalable()) size += bytes->getFixedValue();
  }
  return size > kLargeFrame;
}

// A function that calls others round about to itself would need as much stack each time as all that is inlined into it.
// Functions that each unit has for itself are inlined without other units, too.
void keep_frames_small(llvm::Function& function) {
  if (function.hasExternalLinkage() && !function.hasFnAttribute(llvm::Attribute::AlwaysInline) &&
      has_large_frame(function))
    function.addFnAttr(llvm::Attribute::NoInline);
}

}  // namespace

void keep_unit_borders(llvm::Module& module) {
  run_constructors_at_start(module);
  for (llvm::Function& function : module) {
    if (function.isDeclaration()) continue;
    keep_waiting(function);
    keep_frames_small(function);
  }
}

}  // namespace xaas
