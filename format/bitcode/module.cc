// See module.h.
#include "format/bitcode/module.h"

#include <llvm/Bitcode/BitcodeReader.h>
#include <llvm/IR/DiagnosticHandler.h>
#include <llvm/IR/DiagnosticInfo.h>
#include <llvm/IR/DiagnosticPrinter.h>
#include <llvm/IR/Verifier.h>

#include <algorithm>
#include <utility>

namespace xaas {
namespace {

class FirstError final : public llvm::DiagnosticHandler {
 public:
  explicit FirstError(std::string& error) : error_(error) {}

  bool handleDiagnostics(const llvm::DiagnosticInfo& info) override {
    if (info.getSeverity() != llvm::DS_Error || !error_.empty()) return true;
    llvm::raw_string_ostream out(error_);
    llvm::DiagnosticPrinterRawOStream printer(out);
    info.print(printer);
    return true;
  }

 private:
  std::string& error_;
};

}  // namespace

UnitContext::UnitContext() { context_.setDiagnosticHandler(std::make_unique<FirstError>(error_)); }

Status UnitContext::status() const {
  if (error_.empty()) return {};
  return fail(Code::failed, "{}", one_line(error_));
}

llvm::MemoryBufferRef buffer_of(std::string_view bytes) {
  return {llvm::StringRef(bytes.data(), bytes.size()), "unit"};
}

Result<std::unique_ptr<llvm::Module>> read_module(std::string_view bitcode, UnitContext& context) {
  auto modules = llvm::getBitcodeModuleList(buffer_of(bitcode));
  if (!modules) return fail_llvm(modules.takeError());
  if (modules->size() != 1) return fail(Code::invalid, "bitcode of {} modules instead of one", modules->size());
  auto module = modules->front().parseModule(context.context());
  if (!module) return fail_llvm(module.takeError());
  XAAS_TRY(verify_module(**module, context));
  return std::move(*module);
}

Status verify_module(const llvm::Module& module, const UnitContext& context) {
  XAAS_TRY(context.status());
  std::string why;
  llvm::raw_string_ostream out(why);
  bool broken_debug_info = false;
  if (llvm::verifyModule(module, &out, &broken_debug_info)) return fail(Code::invalid, "{}", one_line(why));
  return {};
}

std::string one_line(std::string text) {
  text.erase(text.find_last_not_of("\n ") + 1);
  std::ranges::replace(text, '\n', ' ');
  return text;
}

tl::unexpected<Error> fail_llvm(llvm::Error error) {
  return fail(Code::invalid, "{}", one_line(llvm::toString(std::move(error))));
}

}  // namespace xaas
