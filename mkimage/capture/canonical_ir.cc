// Makes canonical IR with LLVM's reader and writer. Removes everything that lowering decides or that only names the
// build, and writes the rest again. No code generation. Implements spec/lowering.md, section "Canonical form".
#include "mkimage/capture/canonical_ir.h"

#include <llvm/Analysis/ModuleSummaryAnalysis.h>
#include <llvm/Analysis/ProfileSummaryInfo.h>
#include <llvm/Bitcode/BitcodeWriter.h>
#include <llvm/IR/Module.h>
#include <llvm/IRReader/IRReader.h>
#include <llvm/Support/SourceMgr.h>
#include <llvm/Support/TargetSelect.h>

#include <algorithm>
#include <iterator>
#include <memory>
#include <mutex>
#include <vector>

#include "format/bitcode/module.h"
#include "mkimage/capture/device_code.h"
#include "mkimage/capture/inline_assembly.h"
#include "mkimage/capture/level_features.h"
#include "mkimage/capture/used_features.h"

// Of the architecture of this program, which is that of the units.
#if defined(__aarch64__)
#define XAAS_OWN_TARGET(part) LLVMInitializeAArch64##part
#else
#define XAAS_OWN_TARGET(part) LLVMInitializeX86##part
#endif
extern "C" {
void XAAS_OWN_TARGET(TargetInfo)();
void XAAS_OWN_TARGET(TargetMC)();
void XAAS_OWN_TARGET(AsmParser)();
}

namespace xaas {
namespace {

constexpr const char* kSourceName = "unit";
constexpr const char* kFeatures = "target-features";
constexpr const char* kCpu = "target-cpu";
constexpr const char* kTuneCpu = "tune-cpu";

// The summary needs the symbols of file-scope assembly, which only the target's assembler knows.
void initialise_assemblers() {
  static std::once_flag once;
  std::call_once(once, [] {
    XAAS_OWN_TARGET(TargetInfo)();
    XAAS_OWN_TARGET(TargetMC)();
    XAAS_OWN_TARGET(AsmParser)();
  });
}

tl::unexpected<Error> fail_bitcode(const std::string& why) {
  return fail(Code::invalid, "not usable as LLVM {} bitcode: {}", LLVM_VERSION_STRING, why);
}

std::string attribute(const llvm::Function& function, const char* name) {
  return function.getFnAttribute(name).getValueAsString().str();
}

UnitTarget target_of(const llvm::Function& function) {
  return {attribute(function, kFeatures), attribute(function, kCpu), attribute(function, kTuneCpu)};
}

void drop_build_names(llvm::Module& module) {
  module.setSourceFileName(kSourceName);
  for (const char* name : {"llvm.ident", "llvm.commandline", "omp_offload.info"})
    if (llvm::NamedMDNode* node = module.getNamedMetadata(name)) module.eraseNamedMetadata(node);
}

// Inline assembly remembers its offset from the start of the predefined macros, so each -D would change it.
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

// Removes what follows from the kind of link. Lowering derives it again.
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

ModuleSymbols symbols_of(const llvm::Module& module) {
  ModuleSymbols symbols;
  for (const llvm::GlobalValue& value : module.global_values()) {
    llvm::StringRef name = value.getName();
    name.consume_front("\1");  // the name is not to be changed any more
    if (value.hasLocalLinkage() || name.starts_with("llvm.")) continue;
    if (!value.isDeclarationForLinker()) {
      symbols.defined.insert(name.str());
    } else if (!value.use_empty()) {
      (value.hasExternalWeakLinkage() ? symbols.weak : symbols.needed).insert(name.str());
    }
  }
  return symbols;
}

// Writes the hash of the bytes, because LLVM 19 cannot promote symbols of a module without one. Writes no symbol table,
// because LLVM derives it when it is missing, and with .symver its order is random.
std::string write_bitcode(llvm::Module& module) {
  llvm::ProfileSummaryInfo profile(module);
  const llvm::ModuleSummaryIndex index = llvm::buildModuleSummaryIndex(module, nullptr, &profile);
  llvm::SmallVector<char, 0> bytes;
  llvm::BitcodeWriter writer(bytes);
  writer.writeModule(module, /*ShouldPreserveUseListOrder=*/false, &index, /*GenerateHash=*/true);
  writer.writeStrtab();
  return {bytes.data(), bytes.size()};
}

// The vocabulary of PTX and the architecture follow from the GPU.
void drop_gpu(llvm::Module& module) {
  for (llvm::Function& function : module) {
    function.removeFnAttr(kFeatures);
    function.removeFnAttr(kCpu);
  }
}

}  // namespace

Result<UnitTarget> read_unit_target(std::string_view bitcode) {
  UnitContext context;
  llvm::SMDiagnostic diagnostic;
  const std::unique_ptr<llvm::Module> module = llvm::parseIR(buffer_of(bitcode), diagnostic, context.context());
  if (!module) return fail_bitcode(one_line(diagnostic.getMessage().str()));
  if (const Status sound = verify_module(*module, context); !sound) return fail_bitcode(sound.error().message);
  for (const llvm::Function& function : *module)
    if (!function.isDeclaration()) return target_of(function);
  return fail_bitcode("it defines no function whose target attributes could be read");
}

Result<CanonicalIr> canonicalise(std::string_view bitcode, const UnitTarget& own, std::string_view object,
                                 const AllowedFeatures& features) {
  initialise_assemblers();
  UnitContext context;
  const auto read = read_module(bitcode, context);
  if (!read) return fail_bitcode(read.error().message);
  llvm::Module& module = **read;
  CanonicalIr canonical;
  canonical.device = take_device_code(module);  // first, because it may be megabytes of assembly
  if (const auto directive = directive_that_reads(module)) {
    return fail(Code::unsupported, "its assembly reads another file by {}", *directive);
  }
  drop_build_names(module);
  drop_source_locations(module);
  drop_own_target(module, own);
  drop_position(module);
  canonical.features = used_features(module, features.options);
  std::ranges::move(used_level_features(module, features.level, features.asks), std::back_inserter(canonical.features));
  std::ranges::sort(canonical.features);
  if (!features.level.empty()) canonical.symbols = symbols_of(module);
  canonical.context = mark_context(module, object);
  canonical.bitcode = write_bitcode(module);
  if (const Status status = context.status(); !status) return fail_bitcode(status.error().message);
  return canonical;
}

Result<std::string> canonicalise_for_gpu(std::string_view bitcode) {
  UnitContext context;
  const auto read = read_module(bitcode, context);
  if (!read) return fail_bitcode(read.error().message);
  llvm::Module& module = **read;
  drop_build_names(module);
  drop_source_locations(module);
  drop_gpu(module);
  llvm::SmallVector<char, 0> bytes;
  llvm::BitcodeWriter writer(bytes);
  writer.writeModule(module);
  writer.writeStrtab();
  if (const Status status = context.status(); !status) return fail_bitcode(status.error().message);
  return std::string(bytes.data(), bytes.size());
}

}  // namespace xaas
