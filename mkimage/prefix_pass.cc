// A plugin for the compiler of a capturing build. It marks constants that hold the prefix, so that no optimisation
// looks into them: a compiler would otherwise spread a path over the operands of instructions, where nothing finds it
// again when the image is mounted elsewhere. The mark stays in the captured IR. Implements spec/image-format.md,
// "Prefix".
#include <llvm/IR/Constants.h>
#include <llvm/IR/Module.h>
#include <llvm/IR/PassManager.h>
#include <llvm/Passes/PassBuilder.h>
#include <llvm/Passes/PassPlugin.h>

#include <cstdlib>

namespace {

constexpr const char* kPrefixVariable = "XAAS_PREFIX";  // as in capture_environment.cc

// Whether a string lies in `constant`, which may be an array of structures of strings.
bool holds(const llvm::Constant& constant, llvm::StringRef prefix) {
  if (const auto* data = llvm::dyn_cast<llvm::ConstantDataSequential>(&constant)) {
    return data->isString() && data->getRawDataValues().contains(prefix);
  }
  for (const llvm::Use& operand : constant.operands()) {
    const auto* part = llvm::dyn_cast<llvm::Constant>(operand.get());
    if (part != nullptr && !llvm::isa<llvm::GlobalValue>(part) && holds(*part, prefix)) return true;
  }
  return false;
}

// "Externally initialised" is what LLVM calls a variable whose contents it must not rely on.
struct MarkPrefix : llvm::PassInfoMixin<MarkPrefix> {
  static llvm::PreservedAnalyses run(llvm::Module& module, llvm::ModuleAnalysisManager& /*analyses*/) {
    const char* prefix = std::getenv(kPrefixVariable);  // NOLINT(concurrency-mt-unsafe): nobody changes the environment
    if (prefix == nullptr || *prefix == '\0') return llvm::PreservedAnalyses::all();
    for (llvm::GlobalVariable& variable : module.globals()) {
      if (variable.hasInitializer() && holds(*variable.getInitializer(), prefix)) {
        variable.setExternallyInitialized(true);
      }
    }
    return llvm::PreservedAnalyses::none();
  }
  static bool isRequired() { return true; }
};

}  // namespace

extern "C" LLVM_ATTRIBUTE_WEAK llvm::PassPluginLibraryInfo llvmGetPassPluginInfo() {
  return {
      LLVM_PLUGIN_API_VERSION, "xaas-prefix", "1", [](llvm::PassBuilder& builder) {
        builder.registerPipelineStartEPCallback(
            [](llvm::ModulePassManager& passes, llvm::OptimizationLevel /*level*/) { passes.addPass(MarkPrefix()); });
      }};
}
