// Reads LLVM's bitcode with its diagnostics as values, for whoever makes IR and whoever compiles it.
#pragma once

#include <llvm/IR/LLVMContext.h>
#include <llvm/IR/Module.h>
#include <llvm/Support/Error.h>
#include <llvm/Support/MemoryBufferRef.h>

#include <memory>
#include <string>
#include <string_view>

#include "format/base/error.h"

namespace xaas {

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

// For LLVM's readers. Borrows the bytes.
llvm::MemoryBufferRef buffer_of(std::string_view bytes);

// The only module of `bitcode`, verified. The module must not outlive `context`. Code::invalid.
Result<std::unique_ptr<llvm::Module>> read_module(std::string_view bitcode, UnitContext& context);

// Code::invalid with what LLVM's verifier, or `context`, says. Damaged debug information is no error.
Status verify_module(const llvm::Module& module, const UnitContext& context);

// LLVM's text on one line.
std::string one_line(std::string text);
tl::unexpected<Error> fail_llvm(llvm::Error error);

}  // namespace xaas
