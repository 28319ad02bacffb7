// A plugin for clang's front end. It notes which of the macros that follow from -m options a unit looks at, whatever
// the answer is: such a unit is another program for another CPU. It also says what the answers would be for other CPUs.
// Implements spec/lowering.md, "Code that asks for the CPU".
#include <clang/AST/ASTConsumer.h>
#include <clang/Basic/Builtins.h>
#include <clang/Basic/MacroBuilder.h>
#include <clang/Basic/TargetInfo.h>
#include <clang/Basic/TargetOptions.h>
#include <clang/Frontend/CompilerInstance.h>
#include <clang/Frontend/FrontendPluginRegistry.h>
#include <clang/Lex/MacroArgs.h>
#include <clang/Lex/PPCallbacks.h>
#include <clang/Lex/Preprocessor.h>
#include <llvm/ADT/DenseMap.h>
#include <llvm/ADT/StringSet.h>
#include <llvm/Support/FileSystem.h>
#include <llvm/Support/Process.h>
#include <llvm/Support/raw_ostream.h>
#include <llvm/TargetParser/AArch64TargetParser.h>

#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "mkimage/capture/wide_vectors.h"

namespace {

// The file to which the names are written, one a line: '+' or '-', the name, a space, and the answers. The sign says
// whether the macro is defined at the end of the unit. There is an answer for each CPU: '+' where the compiler defines
// the macro or has the built-in function, else '-'. A macro that has several values has a line for each of them, with
// the name "macro=value". As in compiler_run.cc.
constexpr const char* kFileVariable = "XAAS_ASKS_FILE";
// The names of CPUs with commas between them. An answer is that for the same options with the CPU's name, as -march=
// has it for x86-64 and -mcpu= for aarch64.
constexpr const char* kCpusVariable = "XAAS_ASKS_CPUS";
// The compiler's own headers ask for which of their functions to declare.
constexpr llvm::StringLiteral kOwnHeaders("/lib/clang/");
constexpr llvm::StringLiteral kBuiltins("__builtin_ia32_");

// What the compiler knows of a CPU.
struct Machine {
  llvm::StringMap<std::string> macros;  // their values
  llvm::StringMap<bool> features;
};

using Features = std::vector<std::string>;

bool is_arm(const clang::CompilerInstance& compiler) { return compiler.getTarget().getTriple().isAArch64(); }

// The features that clang's driver writes for a CPU. It does so for aarch64 only; elsewhere the front end knows them.
Features written_for(const clang::CompilerInstance& compiler, const std::string& cpu) {
  Features features;
  const auto known = is_arm(compiler) ? llvm::AArch64::parseCpu(cpu) : std::nullopt;
  if (!known) return features;
  llvm::AArch64::ExtensionSet extensions;
  extensions.addCPUDefaults(*known);
  extensions.toLLVMFeatureList(features);
  return features;
}

// The features that the unit's options write, without those that follow from the name of its CPU.
Features own_features(const clang::CompilerInstance& compiler) {
  const clang::TargetOptions& own = compiler.getTargetOpts();
  const Features of_cpu = written_for(compiler, own.CPU);
  Features features = own.FeaturesAsWritten;
  std::erase_if(features, [&](const std::string& feature) { return llvm::is_contained(of_cpu, feature); });
  return features;
}

Machine describe(const clang::CompilerInstance& compiler, const std::string& cpu, const Features& features) {
  auto options = std::make_shared<clang::TargetOptions>(compiler.getTargetOpts());
  options->CPU = cpu;
  options->FeaturesAsWritten = written_for(compiler, cpu);
  options->FeaturesAsWritten.insert(options->FeaturesAsWritten.end(), features.begin(), features.end());
  options->Features.clear();
  options->FeatureMap.clear();
  clang::DiagnosticsEngine diagnostics(new clang::DiagnosticIDs, new clang::DiagnosticOptions,
                                       new clang::IgnoringDiagConsumer);
  const std::unique_ptr<clang::TargetInfo> target(clang::TargetInfo::CreateTargetInfo(diagnostics, options));
  Machine machine;
  if (!target) return machine;
  machine.features = target->getTargetOpts().FeatureMap;
  std::string text;
  llvm::raw_string_ostream out(text);
  clang::MacroBuilder builder(out);
  target->getTargetDefines(compiler.getLangOpts(), builder);
  llvm::SmallVector<llvm::StringRef> lines;
  llvm::StringRef(text).split(lines, '\n');
  for (const llvm::StringRef line : lines) {
    const auto [directive, rest] = line.split(' ');
    const auto [name, value] = rest.split(' ');
    if (directive == "#define") machine.macros[name.split('(').first] = value.str();
  }
  return machine;
}

Features all_features(const clang::CompilerInstance& compiler) {
  Features all;
  if (is_arm(compiler)) {
    for (const llvm::AArch64::ArchInfo* version : llvm::AArch64::ArchInfos) all.push_back(version->ArchFeature.str());
    for (const llvm::AArch64::ExtensionInfo& extension : llvm::AArch64::Extensions) {
      if (!extension.PosTargetFeature.empty()) all.push_back(extension.PosTargetFeature.str());
    }
    return all;
  }
#define X86_FEATURE(ENUM, STRING) all.emplace_back("+" STRING);
#include <llvm/TargetParser/X86TargetParser.def>
  return all;
}

std::string plain_cpu(const clang::CompilerInstance& compiler) { return is_arm(compiler) ? "generic" : "x86-64"; }

// Macros that the plainest CPU does not have, or with another value than with all features.
llvm::StringSet<> cpu_macros(const clang::CompilerInstance& compiler) {
  const Machine plain = describe(compiler, plain_cpu(compiler), {});
  llvm::StringSet<> macros;
  for (const auto& [name, value] : describe(compiler, plain_cpu(compiler), all_features(compiler)).macros) {
    const auto there = plain.macros.find(name);
    if (there == plain.macros.end() || there->second != value) macros.insert(name);
  }
  return macros;
}

Machine own_machine(const clang::CompilerInstance& compiler) {
  return describe(compiler, compiler.getTargetOpts().CPU, own_features(compiler));
}

std::vector<Machine> machines(const clang::CompilerInstance& compiler) {
  const std::string cpus = llvm::sys::Process::GetEnv(kCpusVariable).value_or("");
  llvm::SmallVector<llvm::StringRef> names;
  llvm::StringRef(cpus).split(names, ',', -1, /*KeepEmpty=*/false);
  const Features own = own_features(compiler);
  std::vector<Machine> machines{describe(compiler, plain_cpu(compiler), own)};
  for (const llvm::StringRef name : names) machines.push_back(describe(compiler, name.str(), own));
  return machines;
}

class Asks : public clang::PPCallbacks {
 public:
  Asks(const clang::CompilerInstance& compiler, std::string file)
      : compiler_(compiler),
        preprocessor_(compiler.getPreprocessor()),
        macros_(cpu_macros(compiler)),
        file_(std::move(file)) {}

  void Ifdef(clang::SourceLocation at, const clang::Token& name, const clang::MacroDefinition&) override {
    note_token(at, name);
  }
  void Ifndef(clang::SourceLocation at, const clang::Token& name, const clang::MacroDefinition&) override {
    note_token(at, name);
  }
  void Elifdef(clang::SourceLocation at, const clang::Token& name, const clang::MacroDefinition&) override {
    note_token(at, name);
  }
  void Elifndef(clang::SourceLocation at, const clang::Token& name, const clang::MacroDefinition&) override {
    note_token(at, name);
  }
  void Defined(const clang::Token& name, const clang::MacroDefinition&, clang::SourceRange range) override {
    note_token(range.getBegin(), name);
  }
  // A name that is no macro is 0 in a condition, and no other callback has it.
  void If(clang::SourceLocation at, clang::SourceRange, ConditionValueKind) override { note_condition(at); }
  void Elif(clang::SourceLocation at, clang::SourceRange, ConditionValueKind, clang::SourceLocation) override {
    note_condition(at);
  }
  // The definition of a macro that is expanded asks, too.
  void MacroExpands(const clang::Token& name, const clang::MacroDefinition& definition, clang::SourceRange range,
                    const clang::MacroArgs* arguments) override {
    note_token(range.getBegin(), name);
    const clang::MacroInfo* info = definition.getMacroInfo();
    if (info == nullptr || info->isBuiltinMacro()) return;
    const auto [entry, is_new] = pastes_.try_emplace(info, false);
    if (is_new) {
      for (const clang::Token& token : info->tokens()) {
        note_token(info->getDefinitionLoc(), token);
        entry->second = entry->second || token.is(clang::tok::hashhash);
      }
    }
    if (entry->second) note_pasted(range.getBegin(), *info, arguments);
  }
  // Whether the place is in one of the compiler's own headers.
  bool is_own(clang::SourceLocation at) const {
    const clang::SourceManager& sources = preprocessor_.getSourceManager();
    return sources.getFilename(sources.getExpansionLoc(at)).contains(kOwnHeaders);
  }
  void note(clang::SourceLocation at, llvm::StringRef name) {
    if ((macros_.contains(name) || name.starts_with(kBuiltins)) && !is_own(at)) asked_.insert(name.str());
  }
  void note_vectors(std::set<std::string> names) { asked_.merge(std::move(names)); }
  void write() const {
    if (asked_.empty()) return;
    std::error_code error;
    llvm::raw_fd_ostream out(file_, error, llvm::sys::fs::OF_Append);
    if (error) return;
    const Machine own = own_machine(compiler_);
    const std::vector<Machine> others = machines(compiler_);
    for (const std::string& name : asked_) {
      const std::set<std::string> values = values_of(name, own, others);
      if (values.size() > 1) {
        for (const std::string& value : values) write_value(out, name, value, own, others);
        continue;
      }
      const bool is_answered = is_macro(name) ? is_defined(name) : is_given(name, own);
      out << (is_answered ? '+' : '-') << name << ' ';
      for (const Machine& machine : others) out << (is_given(name, machine) ? '+' : '-');
      out << '\n';
    }
  }

 private:
  // A name that a macro pastes together. If it is no macro, no other callback has it.
  void note_pasted(clang::SourceLocation at, const clang::MacroInfo& info, const clang::MacroArgs* arguments) {
    const llvm::ArrayRef<clang::Token> tokens = info.tokens();
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      std::string name = spelling(tokens[i], info, arguments);
      while (i + 2 < tokens.size() && tokens[i + 1].is(clang::tok::hashhash)) {
        name += spelling(tokens[i + 2], info, arguments);
        i += 2;
      }
      note(at, name);
    }
  }
  // The text of a token of a macro's definition. A parameter has that of its argument, if that is one token.
  std::string spelling(const clang::Token& token, const clang::MacroInfo& info,
                       const clang::MacroArgs* arguments) const {
    const clang::IdentifierInfo* name = token.getIdentifierInfo();
    const int parameter = name == nullptr || arguments == nullptr ? -1 : info.getParameterNum(name);
    if (parameter < 0) return preprocessor_.getSpelling(token);
    const clang::Token* argument = arguments->getUnexpArgument(static_cast<unsigned>(parameter));
    if (clang::MacroArgs::getArgLength(argument) != 1) return {};
    return preprocessor_.getSpelling(*argument);
  }
  bool is_macro(llvm::StringRef name) const { return macros_.contains(name); }
  // Whether the macro is defined at the end of the unit.
  bool is_defined(llvm::StringRef name) const {
    return preprocessor_.isMacroDefined(preprocessor_.getIdentifierInfo(name));
  }
  static std::set<std::string> values_of(const std::string& name, const Machine& own,
                                         const std::vector<Machine>& others) {
    std::set<std::string> values;
    const auto add = [&](const Machine& machine) {
      const auto found = machine.macros.find(name);
      if (found != machine.macros.end()) values.insert(found->second);
    };
    add(own);
    llvm::for_each(others, add);
    return values;
  }
  void write_value(llvm::raw_ostream& out, const std::string& name, const std::string& value, const Machine& own,
                   const std::vector<Machine>& others) const {
    const auto has = [&](const Machine& machine) {
      return machine.macros.contains(name) && machine.macros.lookup(name) == value;
    };
    out << (is_defined(name) && has(own) ? '+' : '-') << name << '=' << value << ' ';
    for (const Machine& machine : others) out << (has(machine) ? '+' : '-');
    out << '\n';
  }
  // Whether the compiler gives a unit for this machine the macro, the registers or the built-in function.
  bool is_given(const std::string& name, const Machine& machine) const {
    if (is_macro(name)) return machine.macros.contains(name);
    if (const xaas::WideVector* vector = xaas::find_wide_vector(name)) return machine.macros.contains(vector->macro);
    const unsigned builtin = preprocessor_.getIdentifierInfo(name)->getBuiltinID();
    return builtin != 0 && clang::Builtin::evaluateRequiredTargetFeatures(
                               preprocessor_.getBuiltinInfo().getRequiredFeatures(builtin), machine.features);
  }
  void note_token(clang::SourceLocation at, const clang::Token& token) {
    if (const clang::IdentifierInfo* name = token.getIdentifierInfo()) {
      if (macros_.contains(name->getName())) note(at, name->getName());
    }
  }
  // The condition behind a directive, up to the end of its last line. The callbacks' own range begins nowhere when a
  // condition begins with __has_builtin(__builtin_ia32_x), which no other callback has.
  void note_condition(clang::SourceLocation directive) {
    bool is_invalid = false;
    const char* text = preprocessor_.getSourceManager().getCharacterData(directive, &is_invalid);
    if (is_invalid) return;
    std::size_t length = 0;
    while (text[length] != '\0' && (text[length] != '\n' || (length > 0 && text[length - 1] == '\\'))) ++length;
    for (llvm::StringRef rest(text, length); !rest.empty();) {
      const auto is_of_name = [](char c) { return llvm::isAlnum(c) || c == '_'; };
      rest = rest.drop_until(is_of_name);
      const llvm::StringRef word = rest.take_while(is_of_name);
      note(directive, word);
      rest = rest.drop_front(word.size());
    }
  }

  const clang::CompilerInstance& compiler_;
  clang::Preprocessor& preprocessor_;
  const llvm::StringSet<> macros_;
  const std::string file_;
  llvm::DenseMap<const clang::MacroInfo*, bool> pastes_;  // the macros that were expanded, and whether they paste
  std::set<std::string> asked_;
};

class WriteAsks : public clang::ASTConsumer {
 public:
  explicit WriteAsks(Asks& asks) : asks_(asks) {}
  void HandleTranslationUnit(clang::ASTContext& context) override {
    asks_.note_vectors(xaas::passed_wide_vectors(context, [&](clang::SourceLocation at) { return asks_.is_own(at); }));
    asks_.write();
  }

 private:
  Asks& asks_;
};

class NoteAsks : public clang::PluginASTAction {
 public:
  std::unique_ptr<clang::ASTConsumer> CreateASTConsumer(clang::CompilerInstance& compiler, llvm::StringRef) override {
    const auto file = llvm::sys::Process::GetEnv(kFileVariable);
    const llvm::Triple& triple = compiler.getTarget().getTriple();
    if (!file || file->empty() || !(triple.isX86() || triple.isAArch64())) {
      return std::make_unique<clang::ASTConsumer>();
    }
    auto asks = std::make_unique<Asks>(compiler, *file);
    auto consumer = std::make_unique<WriteAsks>(*asks);
    compiler.getPreprocessor().addPPCallbacks(std::move(asks));
    return consumer;
  }
  bool ParseArgs(const clang::CompilerInstance&, const std::vector<std::string>&) override { return true; }
  ActionType getActionType() override { return AddBeforeMainAction; }
};

const clang::FrontendPluginRegistry::Add<NoteAsks> kRegistered("xaas-asks", "notes what a unit asks of the CPU");

}  // namespace
