// Reads LLVM's bitcode and returns LLVM's diagnostics as values. For code that makes IR and code that compiles it.
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

// A context that records the first error that LLVM reports in it. LLVM would otherwise print the error and end the
// process. For one thread.
class UnitContext {
 public:
  UnitContext();
  UnitContext(const UnitContext&) = delete;
  UnitContext& operator=(const UnitContext&) = delete;

  llvm::LLVMContext& context() { return context_; }
  // Code::failed with the first error that was recorded, if there is one.
  Status status() const;

 private:
  std::string error_;
  llvm::LLVMContext context_;
};

// `bytes` as LLVM's readers want them. Borrows the bytes.
llvm::MemoryBufferRef buffer_of(std::string_view bytes);

// The only module of `bitcode`, verified. The module must not outlive `context`. Code::invalid when it cannot be read;
// otherwise errors as from verify_module().
Result<std::unique_ptr<llvm::Module>> read_module(std::string_view bitcode, UnitContext& context);

// Code::invalid with what LLVM's verifier says, Code::failed with the error that `context` recorded. Damaged debug
// information is no error.
Status verify_module(const llvm::Module& module, const UnitContext& context);

// Puts LLVM's text on one line.
std::string one_line(std::string text);
tl::unexpected<Error> fail_llvm(llvm::Error error);

}  // namespace xaas
