// Runs the post-link half of ThinLTO's pipeline without an index, then code generation, as for the native half of a fat
// object. Implements spec/lowering.md, "Engine".
#include "lower/engine/codegen.h"

#include <llvm/Analysis/CGSCCPassManager.h>
#include <llvm/Analysis/LoopAnalysisManager.h>
#include <llvm/IR/LegacyPassManager.h>
#include <llvm/MC/TargetRegistry.h>
#include <llvm/Passes/PassBuilder.h>
#include <llvm/Target/TargetMachine.h>

namespace xaas {
namespace {

llvm::OptimizationLevel pass_level(unsigned level) {
  switch (level) {
    case 0:
      return llvm::OptimizationLevel::O0;
    case 1:
      return llvm::OptimizationLevel::O1;
    case 2:
      return llvm::OptimizationLevel::O2;
    default:
      return llvm::OptimizationLevel::O3;
  }
}

Result<std::unique_ptr<llvm::TargetMachine>> target_machine(const llvm::Module& module, const LinkContext& link,
                                                            unsigned level, SectionOptions sections) {
  std::string why;
  const llvm::Target* target = llvm::TargetRegistry::lookupTarget(module.getTargetTriple(), why);
  if (target == nullptr) return fail(Code::unsupported, "{}", one_line(why));
  llvm::TargetOptions options;
  options.UseInitArray = true;  // else constructors go to .ctors, which nothing runs
  options.FunctionSections = sections.functions;
  options.DataSections = sections.data;
  options.EmitAddrsig = true;
  const bool fixed = link.kind == LinkKind::no_pie || link.kind == LinkKind::static_no_pie;
  // CPU and features are left to the functions. A default would leak into functions that have their own target().
  std::unique_ptr<llvm::TargetMachine> machine(target->createTargetMachine(
      module.getTargetTriple(), "", "", options, fixed ? llvm::Reloc::Static : llvm::Reloc::PIC_, module.getCodeModel(),
      level < 2 ? llvm::CodeGenOptLevel::Default : static_cast<llvm::CodeGenOptLevel>(level)));
  if (machine == nullptr) return fail(Code::unsupported, "no code generator for {}", module.getTargetTriple());
  return machine;
}

void optimise(llvm::Module& module, llvm::TargetMachine& machine, unsigned level) {
  llvm::PipelineTuningOptions tuning;
  tuning.LoopVectorization = level > 1;
  tuning.SLPVectorization = level > 1;
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager components;
  llvm::ModuleAnalysisManager modules;
  llvm::PassBuilder builder(&machine, tuning);
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(components);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, components, modules);
  builder.buildThinLTODefaultPipeline(pass_level(level), nullptr).run(module, modules);
}

Result<std::string> emit_object(llvm::Module& module, llvm::TargetMachine& machine, const UnitContext& context) {
  llvm::SmallVector<char, 0> bytes;
  llvm::raw_svector_ostream out(bytes);
  llvm::legacy::PassManager passes;
  if (machine.addPassesToEmitFile(passes, out, nullptr, llvm::CodeGenFileType::ObjectFile))
    return fail(Code::unsupported, "no object files can be made for {}", module.getTargetTriple());
  passes.run(module);
  XAAS_TRY(context.status());
  return std::string(bytes.data(), bytes.size());
}

}  // namespace

Result<std::string> compile_alone(llvm::Module& module, UnitContext& context, const LinkContext& link,
                                  const Policy& policy, SectionOptions sections) {
  XAAS_ASSIGN(const std::unique_ptr<llvm::TargetMachine> machine,
              target_machine(module, link, policy.opt_level, sections));
  optimise(module, *machine, policy.opt_level);
  return emit_object(module, *machine, context);
}

Result<std::string> compile_made(const std::string& name, const LinkContext& link,
                                 llvm::function_ref<Status(llvm::Module& module)> fill) {
  UnitContext context;
  llvm::Module module(name, context.context());
  module.setTargetTriple(link.target.triple);
  XAAS_ASSIGN(const std::unique_ptr<llvm::TargetMachine> machine, target_machine(module, link, 0, {}));
  module.setDataLayout(machine->createDataLayout());
  XAAS_TRY(fill(module));
  return emit_object(module, *machine, context);
}

Result<std::string> compile_data(const SectionData& data, const LinkContext& link) {
  constexpr std::uint64_t kDataAlignment = 8;
  return compile_made(data.symbol, link, [&](llvm::Module& module) -> Status {
    llvm::Constant* bytes = llvm::ConstantDataArray::getString(module.getContext(), data.bytes, /*AddNull=*/false);
    auto* variable = new llvm::GlobalVariable(module, bytes->getType(), /*isConstant=*/true,
                                              llvm::GlobalValue::ExternalLinkage, bytes, data.symbol);
    variable->setVisibility(llvm::GlobalValue::HiddenVisibility);
    variable->setSection(data.section);
    variable->setAlignment(llvm::Align(kDataAlignment));
    return {};
  });
}

}  // namespace xaas
