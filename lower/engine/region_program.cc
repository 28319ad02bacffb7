// See region_program.h.
#include "lower/engine/region_program.h"

#include <llvm/ADT/DenseSet.h>
#include <llvm/ADT/StringExtras.h>
#include <llvm/IR/DiagnosticInfo.h>
#include <llvm/IR/DiagnosticPrinter.h>
#include <llvm/LTO/LTO.h>
#include <llvm/MC/MCSubtargetInfo.h>
#include <llvm/MC/TargetRegistry.h>
#include <llvm/Support/MemoryBuffer.h>
#include <llvm/TargetParser/Triple.h>

#include <algorithm>
#include <memory>
#include <set>

#include "format/base/file.h"
#include "format/bitcode/module.h"
#include "lower/engine/retarget.h"

namespace xaas {
namespace {

constexpr llvm::StringLiteral kArchitectureStart = "sm_";

// The architecture itself, or the newest one before it that LLVM knows.
Result<std::string> known_architecture(const Target& target) {
  std::string why;
  const llvm::Target* generator = llvm::TargetRegistry::lookupTarget(target.triple, why);
  if (generator == nullptr) return fail(Code::unsupported, "{}", one_line(why));
  unsigned asked = 0;
  llvm::StringRef digits = target.cpu;
  if (!digits.consume_front(kArchitectureStart) || digits.getAsInteger(10, asked)) {
    return fail(Code::invalid, "{} is no architecture of GPUs", target.cpu);
  }
  const std::unique_ptr<llvm::MCSubtargetInfo> subtarget(generator->createMCSubtargetInfo(target.triple, "", ""));
  for (; asked > 0; --asked) {
    std::string name = (kArchitectureStart + llvm::Twine(asked)).str();
    if (subtarget->isCPUStringValid(name)) return name;
  }
  return fail(Code::unsupported, "no code can be made for {}", target.cpu);
}

// A module of the link. `file` refers to `bytes`.
struct Input {
  std::unique_ptr<llvm::MemoryBuffer> bytes;
  std::unique_ptr<llvm::lto::InputFile> file;
  bool is_member = false;  // of an archive, and only there if a symbol asks for it
};

Result<Input> read_input(const Job& job, const LinkUnit& unit) {
  XAAS_ASSIGN(const std::string file, file_of(job, unit.input->digest, unit.name));
  XAAS_ASSIGN(const std::string bitcode, read_file(file));
  UnitContext context;
  XAAS_ASSIGN(const std::unique_ptr<llvm::Module> module, read_module(bitcode, context));
  if (llvm::Triple(module->getTargetTriple()).getArch() != llvm::Triple(job.target.triple).getArch())
    return fail(Code::invalid, "it is for {}, not for {}", module->getTargetTriple(), job.target.triple);
  Input input;
  input.bytes = llvm::MemoryBuffer::getMemBufferCopy(write_merged_module(*module), unit.file);
  auto opened = llvm::lto::InputFile::create(*input.bytes);
  if (!opened) return fail_llvm(opened.takeError());
  input.file = std::move(*opened);
  return input;
}

bool is_for_host(const llvm::lto::InputFile::Symbol& symbol) {
  return symbol.getVisibility() != llvm::GlobalValue::HiddenVisibility && !symbol.canBeOmittedFromSymbolTable();
}

// Which symbols the modules that are taken define and need.
class Symbols {
 public:
  // Whether a member of an archive is taken: it defines what is needed, or something new that the host may look for.
  bool ask_for(const llvm::lto::InputFile& file) const {
    return std::ranges::any_of(file.symbols(), [&](const llvm::lto::InputFile::Symbol& symbol) {
      if (symbol.isUndefined() || defined_.contains(symbol.getName())) return false;
      return needed_.contains(symbol.getName()) || is_for_host(symbol);
    });
  }
  void add(const llvm::lto::InputFile& file) {
    for (const llvm::lto::InputFile::Symbol& symbol : file.symbols()) {
      if (!symbol.isUndefined()) defined_.insert(symbol.getName());
      if (symbol.isUndefined() && !symbol.isWeak()) needed_.insert(symbol.getName());
    }
  }

 private:
  llvm::DenseSet<llvm::StringRef> defined_;
  llvm::DenseSet<llvm::StringRef> needed_;
};

// Removes the members of archives for which no symbol asks.
void take_members(std::vector<Input>& inputs) {
  Symbols symbols;
  for (const Input& input : inputs) {
    if (!input.is_member) symbols.add(*input.file);
  }
  for (bool is_changed = true; is_changed;) {
    is_changed = false;
    for (Input& input : inputs) {
      if (!input.is_member || !symbols.ask_for(*input.file)) continue;
      symbols.add(*input.file);
      input.is_member = false;
      is_changed = true;
    }
  }
  std::erase_if(inputs, [](const Input& input) { return input.is_member; });
}

Result<std::vector<Input>> read_inputs(const Job& job, const std::vector<LinkUnit>& units) {
  std::set<const IrInput*> members;
  for (const LinkArgument& argument : job.recipe.arguments) {
    const auto* archive = std::get_if<ArchiveInput>(&argument);
    if (archive == nullptr) continue;
    for (const auto& member : archive->members) members.insert(std::get_if<IrInput>(&member));
  }
  std::vector<Input> inputs;
  for (const LinkUnit& unit : units) {
    auto input = read_input(job, unit);
    if (!input) return fail(input.error().code, "{}: {}", unit.name, input.error().message);
    input->is_member = members.contains(unit.input);
    inputs.push_back(std::move(*input));
  }
  return inputs;
}

llvm::lto::Config configuration(const Job& job, const std::string& architecture, std::string& error) {
  llvm::lto::Config config;
  config.CPU = architecture;
  config.DefaultTriple = job.target.triple;
  config.OptLevel = job.policy.opt_level;
  config.CGOptLevel = static_cast<llvm::CodeGenOptLevel>(job.policy.opt_level);
  config.CGFileType = llvm::CodeGenFileType::AssemblyFile;
  config.PTO.LoopVectorization = job.policy.opt_level > 1;
  config.PTO.SLPVectorization = job.policy.opt_level > 1;
  config.HasWholeProgramVisibility = true;
  config.DiagHandler = [&error](const llvm::DiagnosticInfo& info) {
    if (info.getSeverity() != llvm::DS_Error || !error.empty()) return;
    llvm::raw_string_ostream out(error);
    llvm::DiagnosticPrinterRawOStream printer(out);
    info.print(printer);
  };
  return config;
}

// Gives the modules to LLVM. The first definition of a symbol counts.
Status add_inputs(std::vector<Input>& inputs, llvm::lto::LTO& lto) {
  std::set<std::string> prevailing;
  for (Input& input : inputs) {
    std::vector<llvm::lto::SymbolResolution> resolutions;
    for (const llvm::lto::InputFile::Symbol& symbol : input.file->symbols()) {
      llvm::lto::SymbolResolution& resolution = resolutions.emplace_back();
      resolution.Prevailing = !symbol.isUndefined() && prevailing.insert(symbol.getName().str()).second;
      resolution.FinalDefinitionInLinkageUnit = !symbol.isUndefined();
      resolution.VisibleToRegularObj = resolution.Prevailing && is_for_host(symbol);
      resolution.ExportDynamic = is_for_host(symbol);
    }
    if (llvm::Error error = lto.add(std::move(input.file), resolutions)) return fail_llvm(std::move(error));
  }
  return {};
}

}  // namespace

bool is_for_gpu(const Job& job) { return llvm::Triple(job.target.triple).isNVPTX(); }

Result<std::string> make_region_program(const Job& job, const std::vector<LinkUnit>& units) {
  XAAS_ASSIGN(const std::string architecture, known_architecture(job.target));
  XAAS_ASSIGN(std::vector<Input> inputs, read_inputs(job, units));
  take_members(inputs);
  std::string message;
  llvm::lto::LTO lto(configuration(job, architecture, message));
  XAAS_TRY(add_inputs(inputs, lto));
  llvm::SmallString<0> ptx;
  const auto stream = [&](unsigned, const llvm::Twine&) -> llvm::Expected<std::unique_ptr<llvm::CachedFileStream>> {
    return std::make_unique<llvm::CachedFileStream>(std::make_unique<llvm::raw_svector_ostream>(ptx));
  };
  if (llvm::Error error = lto.run(stream)) return fail_llvm(std::move(error));
  if (!message.empty()) return fail(Code::invalid, "{}", one_line(message));
  return std::string(ptx);
}

}  // namespace xaas
