// Canonical IR by LLVM's reader and writer: everything that lowering decides or that only names the build is taken out,
// the rest is written again. No code generation. Implements spec/lowering.md, section "Canonical form".
#include "mkimage/capture/canonical_ir.h"

#include <llvm/Analysis/ModuleSummaryAnalysis.h>
#include <llvm/Analysis/ProfileSummaryInfo.h>
#include <llvm/Bitcode/BitcodeReader.h>
#include <llvm/Bitcode/BitcodeWriter.h>
#include <llvm/IR/DiagnosticInfo.h>
#include <llvm/IR/DiagnosticPrinter.h>
#include <llvm/IR/LLVMContext.h>
#include <llvm/IR/Module.h>
#include <llvm/IR/Verifier.h>
#include <llvm/IRReader/IRReader.h>
#include <llvm/Support/MemoryBuffer.h>
#include <llvm/Support/SourceMgr.h>
#include <llvm/Support/TargetSelect.h>

#include <memory>
#include <mutex>
#include <vector>

extern "C" {
void LLVMInitializeX86TargetInfo();
void LLVMInitializeX86TargetMC();
void LLVMInitializeX86AsmParser();
}

namespace xaas {
namespace {

constexpr const char* kSourceName = "unit";
constexpr const char* kFeatures = "target-features";
constexpr const char* kCpu = "target-cpu";
constexpr const char* kTuneCpu = "tune-cpu";

// Keeps the first error that LLVM reports; without a handler of its own, a context prints it and exits the process.
class Diagnostics final : public llvm::DiagnosticHandler {
 public:
  explicit Diagnostics(std::string& first_error) : first_error_(first_error) {}

  bool handleDiagnostics(const llvm::DiagnosticInfo& info) override {
    if (info.getSeverity() != llvm::DS_Error || !first_error_.empty()) return true;
    llvm::raw_string_ostream out(first_error_);
    llvm::DiagnosticPrinterRawOStream printer(out);
    info.print(printer);
    return true;
  }

 private:
  std::string& first_error_;
};

// A context together with the first error reported in it.
struct Parser {
  Parser() { context.setDiagnosticHandler(std::make_unique<Diagnostics>(error)); }
  std::string error;
  llvm::LLVMContext context;
};

// The summary needs the symbols of file-scope assembly, which only the target's assembler knows.
void initialise_assemblers() {
  static std::once_flag once;
  std::call_once(once, [] {
    LLVMInitializeX86TargetInfo();
    LLVMInitializeX86TargetMC();
    LLVMInitializeX86AsmParser();
  });
}

std::string one_line(std::string text) {
  text.erase(text.find_last_not_of("\n ") + 1);
  for (char& c : text)
    if (c == '\n') c = ' ';
  return text;
}

tl::unexpected<Error> fail_bitcode(std::string why) {
  return fail(Code::invalid, "not usable as LLVM {} bitcode: {}", LLVM_VERSION_STRING, one_line(std::move(why)));
}

llvm::MemoryBufferRef buffer_of(std::string_view bytes) {
  return {llvm::StringRef(bytes.data(), bytes.size()), "unit"};
}

Status verify(const llvm::Module& module, const Parser& parser) {
  if (!parser.error.empty()) return fail_bitcode(parser.error);
  std::string why;
  llvm::raw_string_ostream out(why);
  bool broken_debug_info = false;
  if (llvm::verifyModule(module, &out, &broken_debug_info)) return fail_bitcode(why);
  return {};
}

Result<std::unique_ptr<llvm::Module>> parse_bitcode(std::string_view bitcode, Parser& parser) {
  auto modules = llvm::getBitcodeModuleList(buffer_of(bitcode));
  if (!modules) return fail_bitcode(llvm::toString(modules.takeError()));
  if (modules->size() != 1) return fail_bitcode(fmt::format("it holds {} modules instead of one", modules->size()));
  auto module = modules->front().parseModule(parser.context);
  if (!module) return fail_bitcode(llvm::toString(module.takeError()));
  XAAS_TRY(verify(**module, parser));
  return std::move(*module);
}

std::string attribute(const llvm::Function& function, const char* name) {
  return function.getFnAttribute(name).getValueAsString().str();
}

UnitTarget target_of(const llvm::Function& function) {
  return {attribute(function, kFeatures), attribute(function, kCpu), attribute(function, kTuneCpu)};
}

void drop_build_names(llvm::Module& module) {
  module.setSourceFileName(kSourceName);
  for (const char* name : {"llvm.ident", "llvm.commandline"})
    if (llvm::NamedMDNode* node = module.getNamedMetadata(name)) module.eraseNamedMetadata(node);
}

// Inline assembly remembers where it stood, counted from the start of the predefined macros: each -D moves it.
void drop_source_locations(llvm::Module& module) {
  const unsigned kind = module.getMDKindID("srcloc");
  for (llvm::Function& function : module)
    for (llvm::BasicBlock& block : function)
      for (llvm::Instruction& instruction : block) instruction.setMetadata(kind, nullptr);
}

void drop_own_target(llvm::Module& module, const UnitTarget& own) {
  for (llvm::Function& function : module) {
    const UnitTarget target = target_of(function);
    if (target.features != own.features || target.cpu != own.cpu) continue;
    function.removeFnAttr(kFeatures);
    function.removeFnAttr(kCpu);
    if (target.tune_cpu == own.tune_cpu) function.removeFnAttr(kTuneCpu);
  }
}

bool says_position(const llvm::MDNode& flag) {
  const auto* name = flag.getNumOperands() == 3 ? llvm::dyn_cast<llvm::MDString>(flag.getOperand(1)) : nullptr;
  return name != nullptr && (name->getString() == "PIC Level" || name->getString() == "PIE Level");
}

// What follows from the kind of link: it is derived again when the unit is lowered.
void drop_position(llvm::Module& module) {
  if (llvm::NamedMDNode* flags = module.getModuleFlagsMetadata()) {
    std::vector<llvm::MDNode*> kept;
    for (llvm::MDNode* flag : flags->operands())
      if (!says_position(*flag)) kept.push_back(flag);
    flags->clearOperands();
    for (llvm::MDNode* flag : kept) flags->addOperand(flag);
  }
  for (llvm::GlobalValue& value : module.global_values())
    if (!value.isImplicitDSOLocal()) value.setDSOLocal(false);
}

// With the hash of what is written, since LLVM 19 cannot promote symbols of a module that has none, and without a
// symbol table: it is derived, LLVM makes it again when there is none, and with .symver its order is random.
std::string write_bitcode(llvm::Module& module) {
  llvm::ProfileSummaryInfo profile(module);
  const llvm::ModuleSummaryIndex index = llvm::buildModuleSummaryIndex(module, nullptr, &profile);
  llvm::SmallVector<char, 0> bytes;
  llvm::BitcodeWriter writer(bytes);
  writer.writeModule(module, /*ShouldPreserveUseListOrder=*/false, &index, /*GenerateHash=*/true);
  writer.writeStrtab();
  return {bytes.data(), bytes.size()};
}

}  // namespace

Result<UnitTarget> read_unit_target(std::string_view bitcode) {
  Parser parser;
  llvm::SMDiagnostic diagnostic;
  const std::unique_ptr<llvm::Module> module = llvm::parseIR(buffer_of(bitcode), diagnostic, parser.context);
  if (!module) return fail_bitcode(diagnostic.getMessage().str());
  XAAS_TRY(verify(*module, parser));
  for (const llvm::Function& function : *module)
    if (!function.isDeclaration()) return target_of(function);
  return fail_bitcode("it defines no function whose target attributes could be read");
}

Result<CanonicalIr> canonicalise(std::string_view bitcode, const UnitTarget& own, std::string_view object) {
  initialise_assemblers();
  Parser parser;
  XAAS_ASSIGN(const std::unique_ptr<llvm::Module> module, parse_bitcode(bitcode, parser));
  drop_build_names(*module);
  drop_source_locations(*module);
  drop_own_target(*module, own);
  drop_position(*module);
  CanonicalIr canonical;
  canonical.context = mark_context(*module, object);
  canonical.bitcode = write_bitcode(*module);
  if (!parser.error.empty()) return fail_bitcode(parser.error);
  return canonical;
}

}  // namespace xaas
