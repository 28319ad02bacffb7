// A plugin for clang. It writes into a unit which vector functions stand for its calls of scalar functions, if the
// project names a library of such functions (-fveclib=libmvec). Without LTO, clang tells that to its own vectoriser.
// Units are vectorised when they are lowered, by a compiler that knows the units and not the options of the project.
// Implements spec/lowering.md, "Canonical form".
#include <clang/AST/ASTConsumer.h>
#include <clang/Frontend/CompilerInstance.h>
#include <clang/Frontend/FrontendPluginRegistry.h>
#include <llvm/Passes/PassBuilder.h>
#include <llvm/Transforms/Utils/InjectTLIMappings.h>

#include <memory>
#include <string>
#include <vector>

namespace {

void add_mappings(llvm::PassBuilder& builder) {
  builder.registerOptimizerLastEPCallback([](llvm::ModulePassManager& passes, llvm::OptimizationLevel /*level*/) {
    passes.addPass(llvm::createModuleToFunctionPassAdaptor(llvm::InjectTLIMappings()));
  });
}

class WriteVectorFunctions : public clang::PluginASTAction {
 public:
  std::unique_ptr<clang::ASTConsumer> CreateASTConsumer(clang::CompilerInstance& compiler, llvm::StringRef) override {
    clang::CodeGenOptions& options = compiler.getCodeGenOpts();
    if (options.getVecLib() != llvm::driver::VectorLibrary::NoLibrary)
      options.PassBuilderCallbacks.push_back(add_mappings);
    return std::make_unique<clang::ASTConsumer>();
  }
  bool ParseArgs(const clang::CompilerInstance&, const std::vector<std::string>&) override { return true; }
  ActionType getActionType() override { return AddBeforeMainAction; }
};

const clang::FrontendPluginRegistry::Add<WriteVectorFunctions> kVectorLibrary(
    "xaas-vector-library", "writes into a unit which vector functions stand for scalar ones");

}  // namespace
