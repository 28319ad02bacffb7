// A plugin for the compiler of a build by mkxaas. It marks constants that hold the prefix, so that no optimisation
// looks into them. Otherwise a compiler could spread a path over the operands of instructions, where nothing finds it
// again when the image is mounted elsewhere. These marks stay in the captured IR. Behind each string that nothing has
// measured, the plugin writes a string mark, by which those strings are known when the prefix is replaced. Implements
// spec/image-format.md, "Prefix". In flang, which has no -ffile-prefix-map, it also gives the sources their names in
// the image. In clang, it gives OpenMP target regions names that are the same in each build.
#include <llvm/ADT/StringExtras.h>
#include <llvm/BinaryFormat/Dwarf.h>
#include <llvm/IR/Constants.h>
#include <llvm/IR/DebugInfo.h>
#include <llvm/IR/DebugInfoMetadata.h>
#include <llvm/IR/Module.h>
#include <llvm/IR/PassManager.h>
#include <llvm/Passes/PassBuilder.h>
#include <llvm/Passes/PassPlugin.h>
#include <llvm/Support/FileSystem.h>
#include <llvm/Support/Path.h>

#include <cstdlib>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "format/string_mark.h"
#include "mkimage/capture/lone_strings.h"
#include "mkimage/capture/region_names.h"

namespace {

// The variables are those of capture_environment.cc.
constexpr const char* kPrefixVariable = "XAAS_PREFIX";
constexpr const char* kMovableVariable = "XAAS_MOVABLE";
constexpr const char* kSourceVariable = "XAAS_SRC";
constexpr const char* kBuildVariable = "XAAS_BUILD";
constexpr const char* kSourceDirectory = "/.xaas/src";  // in the image
constexpr const char* kBuildDirectory = "/.xaas/src/.build";
// flang names a constant by this prefix and the hexadecimal digits of its characters, or of their digest if they are
// many.
constexpr const char* kFlangConstant = "_QQclX";

llvm::StringRef variable_of(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nobody changes the environment
  return value == nullptr ? "" : value;
}

// Whether a string in `constant` holds the prefix. `constant` may be an array of structures of strings.
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

bool is_of_flang(const llvm::Module& module) { return module.getSourceFileName() == "FIRModule"; }

// The strings that may get a string mark. Fortran has none, because it passes lengths along with its strings.
std::vector<llvm::GlobalVariable*> lone_strings(llvm::Module& module, llvm::StringRef prefix,
                                                const std::vector<llvm::GlobalVariable*>& holders) {
  std::vector<llvm::GlobalVariable*> lone;
  if (holders.empty() || is_of_flang(module)) return lone;
  xaas::LoneStrings strings(module, prefix);
  for (llvm::GlobalVariable* variable : holders) {
    if (strings.contains(*variable)) lone.push_back(variable);
  }
  return lone;
}

// Writes the string mark. The NUL within the result also keeps the string out of the sections in which a linker merges
// the tails of strings.
void write_mark(llvm::Module& module, llvm::GlobalVariable& string) {
  std::string bytes = llvm::cast<llvm::ConstantDataSequential>(string.getInitializer())->getRawDataValues().str();
  bytes += xaas::kStringMark;
  llvm::Constant* marked = llvm::ConstantDataArray::getString(module.getContext(), bytes, /*AddNull=*/false);
  auto* variable =
      new llvm::GlobalVariable(module, marked->getType(), /*isConstant=*/true, string.getLinkage(), marked, "", &string,
                               string.getThreadLocalMode(), string.getType()->getAddressSpace());
  variable->copyAttributesFrom(&string);
  variable->copyMetadata(&string, 0);
  variable->takeName(&string);
  variable->setUnnamedAddr(llvm::GlobalValue::UnnamedAddr::None);
  string.replaceAllUsesWith(variable);
  string.eraseFromParent();
}

// Marks variables as "externally initialised", which tells LLVM not to rely on their contents.
struct MarkPrefix : llvm::PassInfoMixin<MarkPrefix> {
  static llvm::PreservedAnalyses run(llvm::Module& module, llvm::ModuleAnalysisManager& /*analyses*/) {
    const llvm::StringRef prefix = variable_of(kPrefixVariable);
    if (prefix.empty() || variable_of(kMovableVariable).empty()) return llvm::PreservedAnalyses::all();
    if (module.getModuleFlag("openmp-device") != nullptr) return llvm::PreservedAnalyses::all();  // opens no files
    std::vector<llvm::GlobalVariable*> holders;
    for (llvm::GlobalVariable& variable : module.globals()) {
      if (variable.hasInitializer() && holds(*variable.getInitializer(), prefix)) holders.push_back(&variable);
    }
    for (llvm::GlobalVariable* variable : holders) variable->setExternallyInitialized(true);
    for (llvm::GlobalVariable* string : lone_strings(module, prefix, holders)) write_mark(module, *string);
    return llvm::PreservedAnalyses::none();
  }
  static bool isRequired() { return true; }
};

// The name of `path` in the image, or nullopt if it is outside the source and the build.
std::optional<std::string> path_in_image(llvm::StringRef path) {
  const llvm::StringRef prefix = variable_of(kPrefixVariable);
  for (const auto& [variable, directory] :
       {std::pair(kBuildVariable, kBuildDirectory), std::pair(kSourceVariable, kSourceDirectory)}) {
    llvm::StringRef rest = path;
    const llvm::StringRef root = variable_of(variable);
    if (root.empty() || !rest.consume_front(root) || (!rest.empty() && rest.front() != '/')) continue;
    return (prefix + directory + rest).str();
  }
  return std::nullopt;
}

struct MapSources : llvm::PassInfoMixin<MapSources> {
  static llvm::PreservedAnalyses run(llvm::Module& module, llvm::ModuleAnalysisManager& /*analyses*/) {
    if (!is_of_flang(module)) return llvm::PreservedAnalyses::all();
    std::vector<llvm::GlobalVariable*> constants;
    for (llvm::GlobalVariable& variable : module.globals()) {
      if (variable.getName().starts_with(kFlangConstant)) constants.push_back(&variable);
    }
    for (llvm::GlobalVariable* constant : constants) map_constant(module, *constant);
    llvm::DebugInfoFinder finder;
    finder.processModule(module);
    for (llvm::DICompileUnit* unit : finder.compile_units()) map_file(unit->getFile());
    for (llvm::DISubprogram* function : finder.subprograms()) map_file(function->getFile());
    return llvm::PreservedAnalyses::none();
  }
  static bool isRequired() { return true; }

 private:
  // Maps a file name for messages of the runtime. Such names are C strings; Fortran's own strings are not.
  static void map_constant(llvm::Module& module, llvm::GlobalVariable& constant) {
    const auto* data =
        constant.hasInitializer() ? llvm::dyn_cast<llvm::ConstantDataSequential>(constant.getInitializer()) : nullptr;
    if (data == nullptr || !data->isCString()) return;
    const auto path = path_in_image(data->getAsCString());
    if (!path) return;
    llvm::Constant* text = llvm::ConstantDataArray::getString(module.getContext(), *path, /*AddNull=*/true);
    const std::string name = kFlangConstant + llvm::toHex(llvm::StringRef(path->c_str(), path->size() + 1));
    auto* mapped =
        new llvm::GlobalVariable(module, text->getType(), constant.isConstant(), constant.getLinkage(), text, name,
                                 &constant, constant.getThreadLocalMode(), constant.getType()->getAddressSpace());
    mapped->copyAttributesFrom(&constant);
    if (constant.hasComdat()) mapped->setComdat(module.getOrInsertComdat(mapped->getName()));
    constant.replaceAllUsesWith(mapped);
    constant.eraseFromParent();
  }

  static void map_file(llvm::DIFile* file) {
    if (file == nullptr) return;
    constexpr unsigned kDirectoryOperand = 1;
    const auto directory = path_in_image(file->getDirectory());
    const auto name = path_in_image(file->getFilename());
    llvm::LLVMContext& context = file->getContext();
    if (directory) file->replaceOperandWith(kDirectoryOperand, llvm::MDString::get(context, *directory));
    if (name) file->replaceOperandWith(0, llvm::MDString::get(context, *name));
  }
};

struct FixRegionNames : llvm::PassInfoMixin<FixRegionNames> {
  static llvm::PreservedAnalyses run(llvm::Module& module, llvm::ModuleAnalysisManager& /*analyses*/) {
    llvm::SmallString<0> source(module.getSourceFileName());
    if (llvm::sys::fs::make_absolute(source)) return llvm::PreservedAnalyses::all();
    llvm::sys::path::remove_dots(source, /*remove_dot_dot=*/true);
    xaas::fix_region_names(module, path_in_image(source).value_or(std::string(source)));
    return llvm::PreservedAnalyses::none();
  }
  static bool isRequired() { return true; }
};

}  // namespace

extern "C" LLVM_ATTRIBUTE_WEAK llvm::PassPluginLibraryInfo llvmGetPassPluginInfo() {
  return {
      LLVM_PLUGIN_API_VERSION, "xaas-prefix", "1", [](llvm::PassBuilder& builder) {
        builder.registerPipelineStartEPCallback([](llvm::ModulePassManager& passes, llvm::OptimizationLevel /*level*/) {
          passes.addPass(MapSources());
          passes.addPass(MarkPrefix());
          passes.addPass(FixRegionNames());
        });
      }};
}
