// LLVM's targets, contexts and errors as the engine uses them. Implements spec/lowering.md, "Engine".
#include "lower/engine/llvm.h"

#include <llvm/Bitcode/BitcodeReader.h>
#include <llvm/IR/DiagnosticInfo.h>
#include <llvm/IR/DiagnosticPrinter.h>
#include <llvm/IR/Verifier.h>
#include <llvm/Support/MemoryBuffer.h>
#include <llvm/Support/TargetSelect.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>
#include <vector>

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

void initialise_targets() {
  static std::once_flag once;
  std::call_once(once, [] {
    llvm::InitializeAllTargetInfos();
    llvm::InitializeAllTargets();
    llvm::InitializeAllTargetMCs();
    llvm::InitializeAllAsmPrinters();
    llvm::InitializeAllAsmParsers();
  });
}

UnitContext::UnitContext() { context_.setDiagnosticHandler(std::make_unique<FirstError>(error_)); }

Status UnitContext::status() const {
  if (error_.empty()) return {};
  return fail(Code::failed, "{}", one_line(error_));
}

Result<std::unique_ptr<llvm::Module>> read_module(std::string_view bitcode, UnitContext& context) {
  const llvm::MemoryBufferRef buffer(llvm::StringRef(bitcode.data(), bitcode.size()), "unit");
  auto modules = llvm::getBitcodeModuleList(buffer);
  if (!modules) return fail_llvm(modules.takeError());
  if (modules->size() != 1) return fail(Code::invalid, "bitcode of {} modules instead of one", modules->size());
  auto module = modules->front().parseModule(context.context());
  if (!module) return fail_llvm(module.takeError());
  XAAS_TRY(context.status());
  std::string why;
  llvm::raw_string_ostream out(why);
  bool broken_debug_info = false;
  if (llvm::verifyModule(**module, &out, &broken_debug_info)) return fail(Code::invalid, "{}", one_line(why));
  return std::move(*module);
}

std::string one_line(std::string text) {
  text.erase(text.find_last_not_of("\n ") + 1);
  std::ranges::replace(text, '\n', ' ');
  return text;
}

tl::unexpected<Error> fail_llvm(llvm::Error error) {
  return fail(Code::invalid, "{}", one_line(llvm::toString(std::move(error))));
}

Status for_each_parallel(std::size_t count, unsigned threads, const std::function<Status(std::size_t)>& work) {
  std::vector<Status> results(count);
  std::atomic<std::size_t> next = 0;
  const auto run = [&] {
    for (std::size_t i = next++; i < count; i = next++) results[i] = work(i);
  };
  {
    std::vector<std::jthread> helpers;
    for (std::size_t i = 1; i < std::min<std::size_t>(threads, count); i++) helpers.emplace_back(run);
    run();
  }
  for (Status& result : results) XAAS_TRY(result);
  return {};
}

}  // namespace xaas
