// See unit_borders.h.
#include "lower/engine/unit_borders.h"

#include <llvm/ADT/DenseSet.h>
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
#include <llvm/IR/IntrinsicInst.h>
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

// Whether it calls what may change any memory for all that this unit says.
bool may_change_all(const llvm::CallBase& call) {
  return !llvm::isa<llvm::IntrinsicInst>(call) && !call.isInlineAsm() &&
         llvm::isModSet(call.getMemoryEffects().getModRef(llvm::IRMemLocation::Other));
}

// Tells which calls may lead out of the unit: to a function of another unit, or to one that is not known.
class WaysOut {
 public:
  explicit WaysOut(const llvm::Module& module) {
    llvm::SmallVector<const llvm::Function*, 32> rest;
    for (const llvm::Function& function : module)
      if (leads_out_itself(function)) rest.push_back(&function);
    while (!rest.empty()) {
      const llvm::Function* function = rest.pop_back_val();
      if (!functions_.insert(function).second) continue;
      for (const llvm::User* user : function->users())
        if (const auto* call = llvm::dyn_cast<llvm::CallBase>(user); call != nullptr && is_taken(*call))
          rest.push_back(call->getFunction());
    }
  }

  bool has(const llvm::Function& function) const { return functions_.contains(&function); }

  // Whether the instruction is a call that may lead out of the unit and change memory there.
  bool is_taken(const llvm::Instruction& instruction) const {
    const auto* call = llvm::dyn_cast<llvm::CallBase>(&instruction);
    if (call == nullptr || !may_change_all(*call)) return false;
    const llvm::Function* called = call->getCalledFunction();
    return called == nullptr || has(*called);
  }

 private:
  static bool leads_out_itself(const llvm::Function& function) {
    if (function.isDeclaration() || function.isInterposable()) return !function.isIntrinsic();
    return llvm::any_of(llvm::instructions(function), [](const llvm::Instruction& instruction) {
      const auto* call = llvm::dyn_cast<llvm::CallBase>(&instruction);
      return call != nullptr && call->getCalledFunction() == nullptr && may_change_all(*call);
    });
  }

  llvm::DenseSet<const llvm::Function*> functions_;
};

// Calls `visit` for what the value is computed from within the loop. It leads through no instruction for which `visit`
// returns false.
void for_each_source(const llvm::Instruction& value, const llvm::Loop& loop, auto visit) {
  llvm::SmallPtrSet<const llvm::Instruction*, 8> seen;
  llvm::SmallVector<const llvm::Instruction*, 8> rest = {&value};
  while (!rest.empty()) {
    const llvm::Instruction* instruction = rest.pop_back_val();
    for (const llvm::Use& operand : instruction->operands()) {
      const auto* source = llvm::dyn_cast<llvm::Instruction>(operand.get());
      if (source != nullptr && loop.contains(source) && seen.insert(source).second && visit(*source))
        rest.push_back(source);
    }
  }
}

// Whether the value goes on by itself each time around the loop, as the counter of a loop does.
bool goes_on_by_itself(const llvm::PHINode& value, const llvm::Loop& loop) {
  bool is_found = false;
  for_each_source(value, loop, [&](const llvm::Instruction& source) {
    is_found |= &source == &value;
    return !source.mayReadFromMemory();
  });
  return is_found;
}

// Whether what the instruction uses can be another value each time around the loop only because memory, or what a call
// answers, has changed.
bool depends_on_memory(const llvm::Instruction& instruction, const llvm::Loop& loop) {
  bool has_memory = false;
  bool goes_on = false;
  for_each_source(instruction, loop, [&](const llvm::Instruction& source) {
    const auto* merged = llvm::dyn_cast<llvm::PHINode>(&source);
    goes_on |= merged != nullptr && merged->getParent() == loop.getHeader() && goes_on_by_itself(*merged, loop);
    has_memory |= source.mayReadFromMemory();
    return true;
  });
  return has_memory && !goes_on;
}

// Whether a branch out of the loop depends on memory or on what a function answers. A function that throws or ends the
// program answers, too.
bool waits(const llvm::Loop& loop) {
  llvm::SmallVector<llvm::BasicBlock*, 4> blocks;
  loop.getExitingBlocks(blocks);
  return blocks.empty() || llvm::any_of(blocks, [&](const llvm::BasicBlock* block) {
           const llvm::Instruction* end = block->getTerminator();
           return llvm::isa<llvm::InvokeInst>(end) || depends_on_memory(*end, loop);
         });
}

// A loop may wait until another thread or a handler of signals changes a variable. The call of another unit's function
// makes it look again, whatever that function does.
void keep_waiting(llvm::Function& function, const WaysOut& ways) {
  if (!ways.has(function)) return;
  const llvm::DominatorTree dominators(function);
  const llvm::LoopInfo loops(dominators);
  for (const llvm::Loop* loop : loops.getLoopsInPreorder()) {
    const bool leads_out = llvm::any_of(loop->blocks(), [&](const llvm::BasicBlock* block) {
      return llvm::any_of(*block, [&](const llvm::Instruction& instruction) { return ways.is_taken(instruction); });
    });
    const auto place = loop->getHeader()->getFirstInsertionPt();
    if (leads_out && waits(*loop) && place != loop->getHeader()->end()) add_assembly(*place, "~{memory}");
  }
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
// A function that never leaves its unit is in no such round through other units. Functions that each unit has for
// itself are inlined without other units, too.
void keep_frame_small(llvm::Function& function, const WaysOut& ways) {
  if (function.hasExternalLinkage() && !function.hasFnAttribute(llvm::Attribute::AlwaysInline) && ways.has(function) &&
      has_large_frame(function))
    function.addFnAttr(llvm::Attribute::NoInline);
}

}  // namespace

void keep_unit_borders(llvm::Module& module) {
  const WaysOut ways(module);
  run_constructors_at_start(module);
  for (llvm::Function& function : module) {
    if (function.isDeclaration()) continue;
    keep_waiting(function, ways);
    keep_frame_small(function, ways);
  }
}

}  // namespace xaas
