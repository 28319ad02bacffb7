// A plugin for clang's front end. It notes which of the macros that follow from -m options a unit looks at, whatever
// the answer is: such a unit is another program for another CPU. Implements spec/lowering.md, "Code that asks for the
// CPU".
#include <clang/AST/ASTConsumer.h>
#include <clang/Basic/Builtins.h>
#include <clang/Basic/MacroBuilder.h>
#include <clang/Basic/TargetInfo.h>
#include <clang/Basic/TargetOptions.h>
#include <clang/Frontend/CompilerInstance.h>
#include <clang/Frontend/FrontendPluginRegistry.h>
#include <clang/Lex/PPCallbacks.h>
#include <clang/Lex/Preprocessor.h>
#include <llvm/ADT/DenseSet.h>
#include <llvm/ADT/StringSet.h>
#include <llvm/Support/FileSystem.h>
#include <llvm/Support/Process.h>
#include <llvm/Support/raw_ostream.h>

#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace {

// The file to which the macros are written, one a line, with '+' in front of those that are defined and '-' in front of
// the others. As in compiler_run.cc.
constexpr const char* kFileVariable = "XAAS_ASKS_FILE";
// The compiler's own headers ask for which of their functions to declare.
constexpr llvm::StringLiteral kOwnHeaders("/lib/clang/");
constexpr llvm::StringLiteral kBuiltins("__builtin_ia32_");

// What the compiler defines for a CPU with these features.
llvm::StringSet<> macros_of(const clang::CompilerInstance& compiler, const std::vector<std::string>& features) {
  auto options = std::make_shared<clang::TargetOptions>(compiler.getTargetOpts());
  options->CPU = "x86-64";
  options->FeaturesAsWritten = features;
  options->Features.clear();
  options->FeatureMap.clear();
  clang::DiagnosticsEngine diagnostics(new clang::DiagnosticIDs, new clang::DiagnosticOptions,
                                       new clang::IgnoringDiagConsumer);
  const std::unique_ptr<clang::TargetInfo> target(clang::TargetInfo::CreateTargetInfo(diagnostics, options));
  llvm::StringSet<> macros;
  if (!target) return macros;
  std::string text;
  llvm::raw_string_ostream out(text);
  clang::MacroBuilder builder(out);
  target->getTargetDefines(compiler.getLangOpts(), builder);
  llvm::SmallVector<llvm::StringRef> lines;
  llvm::StringRef(text).split(lines, '\n');
  for (const llvm::StringRef line : lines) {
    const auto [directive, rest] = line.split(' ');
    if (directive == "#define") macros.insert(rest.split(' ').first.split('(').first);
  }
  return macros;
}

// Macros that are there with all of x86's features and not without any.
llvm::StringSet<> cpu_macros(const clang::CompilerInstance& compiler) {
  std::vector<std::string> all;
#define X86_FEATURE(ENUM, STRING) all.emplace_back("+" STRING);
#include <llvm/TargetParser/X86TargetParser.def>
  llvm::StringSet<> macros = macros_of(compiler, all);
  for (const auto& entry : macros_of(compiler, {})) macros.erase(entry.getKey());
  return macros;
}

class Asks : public clang::PPCallbacks {
 public:
  Asks(clang::Preprocessor& preprocessor, llvm::StringSet<> macros, std::string file)
      : preprocessor_(preprocessor), macros_(std::move(macros)), file_(std::move(file)) {}

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
                    const clang::MacroArgs*) override {
    note_token(range.getBegin(), name);
    const clang::MacroInfo* info = definition.getMacroInfo();
    if (info == nullptr || info->isBuiltinMacro() || !seen_.insert(info).second) return;
    for (const clang::Token& token : info->tokens()) note_token(info->getDefinitionLoc(), token);
  }
  void EndOfMainFile() override {
    std::error_code error;
    llvm::raw_fd_ostream out(file_, error, llvm::sys::fs::OF_Append);
    if (error) return;
    for (const std::string& name : asked_) out << (is_answered(name) ? '+' : '-') << name << '\n';
  }

 private:
  // Whether the macro is defined, or the options give the features that the built-in function needs.
  bool is_answered(const std::string& name) const {
    const clang::IdentifierInfo* identifier = preprocessor_.getIdentifierInfo(name);
    if (!llvm::StringRef(name).starts_with(kBuiltins)) return preprocessor_.isMacroDefined(identifier);
    const unsigned builtin = identifier->getBuiltinID();
    return builtin != 0 &&
           clang::Builtin::evaluateRequiredTargetFeatures(preprocessor_.getBuiltinInfo().getRequiredFeatures(builtin),
                                                          preprocessor_.getTargetInfo().getTargetOpts().FeatureMap);
  }
  // Whether the place is in one of the compiler's own headers.
  bool is_own(clang::SourceLocation at) const {
    const clang::SourceManager& sources = preprocessor_.getSourceManager();
    return sources.getFilename(sources.getExpansionLoc(at)).contains(kOwnHeaders);
  }
  void note(clang::SourceLocation at, llvm::StringRef name) {
    if ((macros_.contains(name) || name.starts_with(kBuiltins)) && !is_own(at)) asked_.insert(name.str());
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

  clang::Preprocessor& preprocessor_;
  const llvm::StringSet<> macros_;
  const std::string file_;
  llvm::DenseSet<const clang::MacroInfo*> seen_;
  std::set<std::string> asked_;
};

class NoteAsks : public clang::PluginASTAction {
 public:
  std::unique_ptr<clang::ASTConsumer> CreateASTConsumer(clang::CompilerInstance& compiler, llvm::StringRef) override {
    const auto file = llvm::sys::Process::GetEnv(kFileVariable);
    if (file && !file->empty() && compiler.getTarget().getTriple().isX86()) {
      clang::Preprocessor& preprocessor = compiler.getPreprocessor();
      preprocessor.addPPCallbacks(std::make_unique<Asks>(preprocessor, cpu_macros(compiler), *file));
    }
    return std::make_unique<clang::ASTConsumer>();
  }
  bool ParseArgs(const clang::CompilerInstance&, const std::vector<std::string>&) override { return true; }
  ActionType getActionType() override { return AddBeforeMainAction; }
};

const clang::FrontendPluginRegistry::Add<NoteAsks> kRegistered("xaas-asks", "notes what a unit asks of the CPU");

}  // namespace
