// What keeps the borders of a unit: assembly in constructors and in loops that wait, and functions with large frames.
#include <llvm/AsmParser/Parser.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/Instructions.h>
#include <llvm/IR/LLVMContext.h>
#include <llvm/IR/Verifier.h>
#include <llvm/Support/SourceMgr.h>

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "lower/engine/unit_borders.h"

namespace xaas {
namespace {

struct Kept {
  std::vector<std::string> assembly;  // names of the blocks that got some
  std::vector<std::string> apart;     // functions that are not to be inlined
};

Kept kept_of(const std::string& code) {
  llvm::LLVMContext context;
  llvm::SMDiagnostic problem;
  const auto module = llvm::parseAssemblyString(
      "@done = external global i32\n@calls = external global ptr\n@list = external global ptr\n"
      "declare void @idle()\ndeclare i32 @ask()\ndeclare i32 @count() memory(none)\ndeclare i32 @handler(...)\n" +
          code,
      problem, context);
  INFO(problem.getMessage().str());
  REQUIRE(module != nullptr);
  keep_unit_borders(*module);
  CHECK_FALSE(llvm::verifyModule(*module, nullptr));
  Kept kept;
  for (llvm::Function& function : *module) {
    if (function.hasFnAttribute(llvm::Attribute::NoInline)) kept.apart.push_back(function.getName().str());
    for (const llvm::Instruction& instruction : llvm::instructions(function)) {
      const auto* call = llvm::dyn_cast<llvm::CallInst>(&instruction);
      if (call != nullptr && call->isInlineAsm()) kept.assembly.push_back(call->getParent()->getName().str());
    }
  }
  return kept;
}

using Blocks = std::vector<std::string>;

// A loop that calls `call` and ends by the value of `%end`, which `compute` computes.
Blocks loop_of(const std::string& call, const std::string& compute, const std::string& more = "") {
  return kept_of("define void @f(i32 %n) personality ptr @handler {\nentry:\n  br label %loop\nloop:\n" + call + "\n" +
                 compute + "\n  br i1 %end, label %out, label %loop\nout:\n  ret void\n}\n" + more)
      .assembly;
}

const std::string kIdle = "  call void @idle()";
const std::string kDone = "  %d = load i32, ptr @done\n  %end = icmp ne i32 %d, 0";
const Blocks kOne = {"loop"};

TEST_CASE("a loop that waits looks again after each call that may leave the unit") {
  CHECK(loop_of(kIdle, kDone) == kOne);
  CHECK(loop_of("", kDone) == Blocks());
  CHECK(loop_of(kIdle + "\n" + kIdle, kDone) == kOne);
  CHECK(loop_of("  %d = call i32 @ask()", "  %end = icmp ne i32 %d, 0") == kOne);
  CHECK(loop_of("  %d = call i32 @count()", "  %end = icmp ne i32 %d, 0") == Blocks());
  CHECK(loop_of("  %to = load ptr, ptr @calls\n  call void %to()", kDone) == kOne);
  CHECK(loop_of("  call void asm sideeffect \"nop\", \"\"()", kDone).size() == 1);  // its own
}

TEST_CASE("a call within the unit may lead out of it") {
  const std::string call = "  call void @own()";
  CHECK(loop_of(call, kDone,
                "define internal void @own() {\n  call void @next()\n  ret void\n}\n"
                "define linkonce_odr void @next() {\n  call void @idle()\n  ret void\n}\n") == kOne);
  CHECK(loop_of(call, kDone, "define internal void @own() {\n  store i32 0, ptr @done\n  ret void\n}\n") == Blocks());
  CHECK(loop_of(call, kDone, "define weak void @own() {\n  ret void\n}\n") == kOne);
  CHECK(loop_of(call, kDone,
                "define internal void @own() {\n  %to = load ptr, ptr @calls\n  call void %to()\n"
                "  ret void\n}\n") == kOne);
}

TEST_CASE("a loop that goes on by itself does not wait") {
  const std::string counts = "  %i = phi i32 [ 0, %entry ], [ %next, %loop ]\n  %next = add i32 %i, 1\n" + kIdle;
  CHECK(loop_of(counts, "  %end = icmp eq i32 %next, %n") == Blocks());
  CHECK(loop_of(counts, "  %d = load i32, ptr @done\n  %end = icmp eq i32 %next, %d") == Blocks());
  CHECK(loop_of(counts, kDone) == kOne);
  // What the last turn has read, and what is read by means of it.
  CHECK(loop_of("  %was = phi i32 [ 0, %entry ], [ %d, %loop ]\n" + kIdle + "\n  %d = load i32, ptr @done",
                "  %end = icmp ne i32 %was, 0") == kOne);
  CHECK(loop_of("  %p = phi ptr [ @list, %entry ], [ %next, %loop ]\n" + kIdle + "\n  %next = load ptr, ptr %p",
                "  %end = icmp eq ptr %next, null") == kOne);
}

TEST_CASE("a loop may wait by a switch, by an exception, with loops in it, and for ever") {
  CHECK(kept_of("define void @f() {\nentry:\n  br label %loop\nloop:\n  call void @idle()\n  %d = load i32, ptr @done\n"
                "  switch i32 %d, label %loop [ i32 1, label %out\n i32 2, label %out ]\nout:\n  ret void\n}\n")
            .assembly == kOne);
  CHECK(kept_of("define void @f() personality ptr @handler {\nentry:\n  br label %loop\nloop:\n"
                "  invoke void @idle() to label %loop unwind label %out\n"
                "out:\n  %e = landingpad { ptr, i32 } cleanup\n  ret void\n}\n")
            .assembly == kOne);
  const std::string inner =
      "define void @f(i32 %n) {\nentry:\n  br label %loop\nloop:\n  br label %inner\ninner:\n"
      "  %i = phi i32 [ 0, %loop ], [ %next, %inner ]\n  call void @idle()\n  %next = add i32 %i, 1\n"
      "  %last = icmp eq i32 %next, %n\n  br i1 %last, label %ask, label %inner\nask:\n";
  CHECK(kept_of(inner + kDone + "\n  br i1 %end, label %out, label %loop\nout:\n  ret void\n}\n").assembly == kOne);
  CHECK(kept_of(inner + "  br label %loop\n}\n").assembly == kOne);
}

TEST_CASE("constructors run when the program starts") {
  const std::string list =
      "@llvm.global_ctors = appending global [1 x { i32, ptr, ptr }] [{ i32, ptr, ptr } { i32 1, ptr @start, ptr null "
      "}]\n";
  CHECK(kept_of(list + "define internal void @start() {\nentry:\n  store i32 1, ptr @done\n  ret void\n}\n").assembly ==
        Blocks{"entry"});
  CHECK(kept_of(list + "declare void @start()\n").assembly == Blocks());
}

TEST_CASE("a function with a large frame that leaves its unit is not inlined elsewhere") {
  const auto apart = [](const std::string& linkage, const std::string& size, const std::string& call) {
    return kept_of("define " + linkage + " void @f() {\n  %a = alloca [" + size + " x i8]\n" + call +
                   "\n  ret void\n}\n")
        .apart;
  };
  CHECK(apart("", "2000", kIdle) == Blocks{"f"});
  CHECK(apart("", "2000", "").empty());
  CHECK(apart("", "1000", kIdle).empty());
  CHECK(apart("linkonce_odr", "2000", kIdle).empty());
}

}  // namespace
}  // namespace xaas
