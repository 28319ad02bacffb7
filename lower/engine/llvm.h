// What the parts of the engine share of LLVM: targets, diagnostics as values, reading one module, running over many in
// parallel. Implements spec/lowering.md, "Engine".
#pragma once

#include <llvm/IR/DiagnosticHandler.h>
#include <llvm/IR/LLVMContext.h>
#include <llvm/IR/Module.h>
#include <llvm/Support/Error.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "format/base/error.h"

namespace xaas {

// Registers the code generators this engine is linked with. Thread-safe, cheap after the first call.
void initialise_targets();

// A context that records the first error LLVM reports in it, instead of printing it and ending the process. One thread.
class UnitContext {
 public:
  UnitContext();
  UnitContext(const UnitContext&) = delete;
  UnitContext& operator=(const UnitContext&) = delete;

  llvm::LLVMContext& context() { return context_; }
  // Code::failed with the first error recorded so far.
  Status status() const;

 private:
  std::string error_;
  llvm::LLVMContext context_;
};

// The only module of `bitcode`, verified. The module must not outlive `context`.
Result<std::unique_ptr<llvm::Module>> read_module(std::string_view bitcode, UnitContext& context);

// LLVM's text on one line.
std::string one_line(std::string text);
tl::unexpected<Error> fail_llvm(llvm::Error error);

// Calls work(0) .. work(count - 1) on `threads` threads; the error with the lowest index is returned, whatever the
// timing.
Status for_each_parallel(std::size_t count, unsigned threads, const std::function<Status(std::size_t)>& work);

}  // namespace xaas
