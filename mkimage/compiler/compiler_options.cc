// The table of compiler options, and the decision what to do with a command; see compiler_options.h.
#include "mkimage/compiler/compiler_options.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <utility>

#include "format/base/split.h"
#include "format/base/text.h"

namespace xaas {
namespace {

using enum OptionValue;
using enum OptionEffect;

// The option that names a CPU beside -march=, and the CPU for which clang compiles without either.
#if defined(__aarch64__)
constexpr std::string_view kNamesCpu = "-mcpu=";
constexpr std::string_view kPlainCpu = "armv8-a";
#else
constexpr std::string_view kNamesCpu = "-march=";
constexpr std::string_view kPlainCpu = "x86-64";
#endif
using namespace option_flags;

// Options that take a separate value, and options that matter to the capture.
constexpr std::array kOptions = std::to_array<CompilerOption>({
    {"-###", none, untouched},
    {"--analyze", none, untouched},
    {"--analyzer-output", joined_or_separate},
    {"--assemble", none, untouched},
    {"--assert", separate},
    {"--compile", none, compile, names_output},
    {"--config", separate, nothing, other_files},
    {"--config-", joined, nothing, other_files},
    {"--config=", joined, nothing, other_files},
    {"--coverage", none, native},
    {"--define-macro", separate, nothing, preprocessing},
    {"--dyld-prefix", separate},
    {"--for-linker", separate, linker},
    {"--for-linker=", joined, linker},
    {"--force-link", separate},
    {"--help", joined, untouched},
    {"--imacros", separate, nothing, preprocessing},
    {"--include", separate, nothing, preprocessing},
    {"--include-directory", separate, nothing, preprocessing},
    {"--include-directory-after", separate, nothing, preprocessing},
    {"--include-prefix", separate, nothing, preprocessing},
    {"--include-with-prefix", separate},
    {"--include-with-prefix-after", separate},
    {"--include-with-prefix-before", separate},
    {"--language", separate, language},
    {"--language=", joined, language},
    {"--ld-path=", joined, native},
    {"--library-directory", separate},
    {"--no-system-header-prefix", separate},
    {"--offload-arch=", joined, offload},
    {"--output", separate, output, names_output},
    {"--output=", joined, output, names_output},
    {"--param", separate},
    {"--precompile", none, untouched},
    {"--prefix", separate},
    {"--preprocess", none, untouched},
    {"--print-", joined, untouched},
    {"--rtlib", separate},
    {"--serialize-diagnostics", separate, nothing, other_files},
    {"--specs=", joined, nothing, other_files},
    {"--std", separate},
    {"--stdlib", separate},
    {"--sysroot", separate},
    {"--system-header-prefix", separate},
    {"--target=", joined, native},
    {"--undefine-macro", separate, nothing, preprocessing},
    {"--verbose", none, untouched},
    {"--version", none, untouched},
    {"-A", joined_or_separate},
    {"-B", joined_or_separate},
    {"-D", joined_or_separate, nothing, preprocessing},
    {"-E", none, untouched},
    {"-F", joined_or_separate},
    {"-G", joined_or_separate},
    {"-I", joined_or_separate, nothing, preprocessing},
    {"-J", joined_or_separate},
    {"-L", joined_or_separate},
    {"-M", none, untouched},
    {"-MD", none, nothing, names_output | dependency_rule},
    {"-MF", joined_or_separate, nothing, names_output},
    {"-MG", none, nothing, names_output},
    {"-MJ", joined_or_separate, nothing, names_output | other_files},
    {"-MM", none, untouched},
    {"-MMD", none, nothing, names_output | dependency_rule},
    {"-MP", none, nothing, names_output | dependency_rule},
    {"-MQ", joined_or_separate, nothing, names_output | dependency_rule},
    {"-MT", joined_or_separate, nothing, names_output | dependency_rule},
    {"-MV", none, nothing, names_output | dependency_rule},
    {"-S", none, untouched},
    {"-T", joined_or_separate},
    {"-U", joined_or_separate, nothing, preprocessing},
    {"-V", separate},
    {"-Wl,", joined, linker},
    {"-Xanalyzer", separate},
    {"-Xarch_", joined_and_separate, native},
    {"-Xassembler", separate},
    {"-Xclang", separate, nothing, other_files},
    {"-Xclang=", joined, nothing, other_files},
    {"-Xcuda-fatbinary", separate},
    {"-Xcuda-ptxas", separate},
    {"-Xflang", separate, nothing, other_files},
    {"-Xlinker", separate, linker},
    {"-Xoffload-linker", separate},
    {"-Xopenmp-target", separate},
    {"-Xopenmp-target=", joined_and_separate},
    {"-Xpreprocessor", separate, nothing, other_files},
    {"-Zlinker-input", separate},
    {"-arch", separate, native},
    {"-b", joined_or_separate},
    {"-c", none, compile, names_output},
    {"-ccc-", joined, untouched},
    {"-coverage", none, native},
    {"-cxx-isystem", joined_or_separate, nothing, preprocessing},
    {"-dependency-dot", separate, nothing, other_files},
    {"-dependency-file", separate, nothing, other_files},
    {"-dumpdir", separate, nothing, other_files},
    {"-dumpmachine", none, untouched},
    {"-dumpspecs", none, untouched},
    {"-dumpversion", none, untouched},
    {"-e", joined_or_separate},
    {"-emit-ast", none, untouched},
    {"-emit-interface-stubs", none, untouched},
    {"-emit-llvm", none, untouched},
    {"-emit-merged-ifs", none, untouched},
    {"-fauto-profile", joined, nothing, other_files},
    {"-fbasic-block-address-map", none, native},
    {"-fbasic-block-sections=", joined, native},
    {"-fcrash-", joined, nothing, other_files},
    {"-fcs-profile-generate", joined, native},
    {"-fdata-sections", none, section},
    {"-fdebug-compilation-dir", separate},
    {"-fdebug-macro", none, nothing, other_files},
    {"-fdriver-only", none, untouched},
    {"-fembed-bitcode", joined, untouched},
    {"-fembed-offload-object=", joined, nothing, other_files},
    {"-femulated-tls", none, native},
    {"-fexperimental-openacc-macro-override", separate},
    {"-ffunction-sections", none, section},
    {"-fintrinsic-modules-path", separate},
    {"-fjmc", none, native},
    {"-fmemory-profile", joined, nothing, other_files},
    {"-fmodule-", joined, native},
    {"-fmodule-implementation-of", separate, native},
    {"-fmodules", joined, native},
    {"-fmodules-user-build-path", separate},
    {"-fms-hotpatch", none, native},
    {"-fnew-alignment", separate},
    {"-fno-data-sections", none, section},
    {"-fno-function-sections", none, section},
    {"-fno-integrated-as", none, untouched},
    {"-fno-use-init-array", none, native},
    {"-fno-xray-function-index", none, native},
    {"-fno-zero-initialized-in-bss", none, native},
    {"-fopenmp-host-", joined, nothing, other_files},
    {"-fopenmp-targets=", joined, offload},
    {"-foptimization-record", joined, nothing, other_files},
    {"-fpass-", joined, nothing, other_files},
    {"-fpass-plugin=", joined, native},
    {"-fplugin", joined, nothing, other_files},
    {"-fprebuilt-", joined, nothing, other_files},
    {"-fproc-stat-report", joined, nothing, other_files},
    {"-fprofile-", joined, nothing, other_files},
    {"-fprofile-arcs", none, native},
    {"-fprofile-generate", joined, native},
    {"-fprofile-instr-generate", joined, native},
    {"-framework", separate},
    {"-frandomize-layout-", joined, nothing, other_files},
    {"-frecord-", joined, nothing, other_files},
    {"-fsanitize-coverage", joined, nothing, other_files},
    {"-fsanitize=", joined, native},
    {"-fsave-", joined, nothing, other_files},
    {"-fseparate-named-sections", none, native},
    {"-fsplit-machine-functions", none, native},
    {"-fstack-size-section", none, native},
    {"-fstack-usage", none, nothing, other_files},
    {"-fsyntax-only", none, untouched},
    {"-ftest-coverage", none, native},
    {"-fthin-link-bitcode=", joined, nothing, other_files},
    {"-fthinlto-index=", joined, untouched},
    {"-ftime-trace", joined, nothing, other_files},
    {"-ftrapv-handler", separate},
    {"-funified-lto", none, native},
    {"-fuse-ld=", joined, linker_name},
    {"-fvirtual-function-elimination", none, native},
    {"-fxray-", joined, nothing, other_files},
    {"-gen-cdb-fragment-path", separate},
    {"-grecord-", joined, nothing, other_files},
    {"-gsplit-dwarf", joined, native},
    {"-help", none, untouched},
    {"-iapinotes-modules", joined_or_separate},
    {"-idirafter", joined_or_separate, nothing, preprocessing},
    {"-iframework", joined_or_separate, nothing, preprocessing},
    {"-iframeworkwithsysroot", joined_or_separate, nothing, preprocessing},
    {"-imacros", joined_or_separate, nothing, preprocessing},
    {"-imultilib", separate},
    {"-include", joined_or_separate, nothing, preprocessing},
    {"-include-pch", separate, nothing, other_files},
    {"-init", separate},
    {"-iprefix", joined_or_separate, nothing, preprocessing},
    {"-iquote", joined_or_separate, nothing, preprocessing},
    {"-isysroot", joined_or_separate},
    {"-isystem", joined_or_separate, nothing, preprocessing},
    {"-isystem-after", joined_or_separate, nothing, preprocessing},
    {"-ivfsoverlay", joined_or_separate, nothing, other_files},
    {"-iwithprefix", joined_or_separate, nothing, preprocessing},
    {"-iwithprefixbefore", joined_or_separate, nothing, preprocessing},
    {"-iwithsysroot", joined_or_separate, nothing, preprocessing},
    {"-l", joined_or_separate, library},
    {"-m", joined, machine},
    {"-m16", none, native},
    {"-m32", none, native},
    {"-march=", joined, cpu},
#if defined(__aarch64__)
    {"-mcpu=", joined, cpu},
#else
    {"-mcpu=", joined},
#endif
    {"-meabi", separate},
    {"-mllvm", separate, native},
    {"-mmlir", separate},
    {"-module-dependency-dir", separate, nothing, other_files},
    {"-module-dir", separate},
    {"-msse2avx", none, native},
    {"-mthread-model", separate},
    {"-mtune=", joined},
    {"-mx32", none, native},
    {"-no-integrated-as", none, untouched},
    {"-o", joined_or_separate, output, names_output},
    {"-object-file-name", separate, nothing, other_files},
    {"-object-file-name=", joined, nothing, other_files},
    {"-pass-exit-codes", none},
    {"-print-", joined, untouched},
    {"-r", none, untouched},
    {"-resource-dir", separate},
    {"-rewrite-", joined, untouched},
    {"-rpath", separate},
    {"-save-temps", joined, untouched},
    {"-serialize-diagnostics", separate, nothing, other_files},
    {"-specs", separate, nothing, other_files},
    {"-specs=", joined, nothing, other_files},
    {"-stdlib++-isystem", joined_or_separate, nothing, preprocessing},
    {"-target", separate, native},
    {"-u", joined_or_separate},
    {"-v", none, untouched},
    {"-verify-pch", none, untouched},
    {"-vfsoverlay", joined_or_separate, nothing, other_files},
    {"-working-directory", separate, native},
    {"-working-directory=", joined, native},
    {"-x", joined_or_separate, language},
    {"-z", joined_or_separate},
});

static_assert(std::ranges::adjacent_find(kOptions, std::ranges::greater_equal(), &CompilerOption::name) ==
                  kOptions.end(),
              "the table is searched by name");

bool takes_joined(const CompilerOption& option) { return option.value != none && option.value != separate; }

InputKind kind_of_language(std::string_view name, CompilerRole role) {
  if (role == CompilerRole::fortran) return name.starts_with("f") ? InputKind::source : InputKind::other;
  if (name == "c" || name == "c++" || name == "cpp-output" || name == "c++-cpp-output") return InputKind::source;
  if (name == "assembler" || name == "assembler-with-cpp") return InputKind::assembly;
  if (name == "c-header" || name == "c++-header") return InputKind::header;
  return InputKind::other;
}

InputKind kind_of_file(std::string_view path, CompilerRole role) {
  static constexpr std::array kSources = {".c", ".cc", ".cp", ".cxx", ".cpp", ".CPP", ".c++", ".C", ".CC", ".i", ".ii"};
  static constexpr std::array kAssembly = {".s", ".S", ".sx", ".asm"};
  static constexpr std::array kHeaders = {".h", ".H", ".hh", ".hp", ".hpp", ".hxx"};
  static constexpr std::array kFortran = {".f",   ".for", ".ftn", ".f77", ".f90", ".f95", ".f03", ".f08", ".F",
                                          ".FOR", ".FTN", ".fpp", ".FPP", ".F77", ".F90", ".F95", ".F03", ".F08"};
  static constexpr std::array kOther = {".m",   ".mm",  ".cu",   ".hip", ".cl",  ".ll", ".bc",
                                        ".ads", ".adb", ".cppm", ".ixx", ".pcm", ".mi", ".mii"};
  const std::string extension = std::filesystem::path(path).extension().string();
  const bool is_fortran = role == CompilerRole::fortran;
  if (is_in(kFortran, extension)) return is_fortran ? InputKind::source : InputKind::other;
  if (is_in(kSources, extension)) return is_fortran ? InputKind::other : InputKind::source;
  if (is_in(kAssembly, extension)) return InputKind::assembly;
  if (is_in(kHeaders, extension)) return InputKind::header;
  return is_in(kOther, extension) ? InputKind::other : InputKind::linker_input;
}

// Whether -Wl,VALUE or -Xlinker VALUE makes the link relocatable. The result of such a link is a native object.
bool asks_relocatable(std::string_view value) {
  return std::ranges::any_of(
      split(value, ','), [](std::string_view word) { return word == "-r" || word == "--relocatable" || word == "-i"; });
}

// Collects what the options say. decide() then judges the whole command.
class Parser {
 public:
  explicit Parser(CompilerRole role) : role_(role) {}

  CompilerCommand parse(const std::vector<std::string>& arguments) {
    for (const CommandPart& part : command_parts(arguments)) {
      if (part.is_input) {
        add_input(part.value);
      } else if (part.option != nullptr) {
        add_option(*part.option, arguments[part.first], part.value);
      }
    }
    decide();
    command_.asked_machine_options = command_.machine_options;
    return std::move(command_);
  }

 private:
  void untouched(std::string_view reason) {
    if (untouched_.empty()) untouched_ = reason;
  }

  void add_input(const std::string& path) {
    if (path == "-" || path == "/dev/stdin" || path.starts_with("/dev/fd/")) untouched("standard input");
    command_.inputs.push_back(
        {path, language_.empty() ? kind_of_file(path, role_) : kind_of_language(language_, role_)});
  }

  void add_option(const CompilerOption& option, const std::string& argument, const std::string& value) {
    apply(option, argument, value);
    if (argument == "-Xclang" && value.starts_with("-emit-")) {
      value == "-emit-pch" ? void(makes_pch_ = true) : untouched(value);
    }
  }

  void apply(const CompilerOption& option, const std::string& argument, const std::string& value) {
    switch (option.effect) {
      case nothing:
        return;
      case OptionEffect::untouched:
        return untouched(argument);
      case native:
        if (native_.empty()) native_ = argument;
        return;
      case offload:
        if (offload_.empty()) offload_ = argument;
        return;
      case compile:
        compiles_only_ = true;
        return;
      case output:
        command_.output = value;
        return;
      case language:
        language_ = value == "none" ? "" : value;
        return;
      case cpu:
        command_.names_cpu = value != kPlainCpu;
        command_.machine_options.push_back(argument);
        return;
      case machine:
        command_.machine_options.push_back(argument);
        return;
      case section:
        set_section(argument);
        return;
      case linker:
        if (asks_relocatable(value)) untouched("a relocatable link");
        return;
      case linker_name:
        command_.linker = value;
        return;
      case library:
        has_library_ = true;
        return;
    }
  }

  // -ffunction-sections, -fno-function-sections; the last one wins.
  void set_section(std::string_view argument) {
    const bool is_wanted = !argument.starts_with("-fno-");
    const std::string name(argument.substr(is_wanted ? 2 : 5));
    std::erase(command_.sections, name);
    if (is_wanted) command_.sections.push_back(name);
    std::ranges::sort(command_.sections);
  }

  bool has(InputKind kind) const {
    return std::ranges::any_of(command_.inputs, [&](const CompilerInput& input) { return input.kind == kind; });
  }

  // Code for devices goes into the object of one source, and a link of such objects puts it together. What does both in
  // one command has no objects to look at.
  void decide_offload() {
    if (offload_.empty()) return;
    const bool is_link = !compiles_only_ && !has(InputKind::source) && !has(InputKind::assembly);
    command_.offloads = compiles_only_ && command_.inputs.size() == 1 && has(InputKind::source);
    if (!is_link && !command_.offloads && native_.empty()) native_ = offload_;
  }

  void decide() {
    decide_offload();
    command_.mode = CommandMode::untouched;
    if (!untouched_.empty()) {
      command_.reason = untouched_;
    } else if (command_.inputs.empty() && !has_library_) {
      command_.reason = "no input";
    } else if (!native_.empty()) {
      command_.reason = native_;
      command_.mode = compiles_only_ ? CommandMode::native : CommandMode::native_link;
    } else if (has(InputKind::other)) {
      command_.reason = "a language that is not the compiler's own";
      command_.mode = compiles_only_ ? CommandMode::native : CommandMode::native_link;
    } else if (has(InputKind::header) || makes_pch_) {
      command_.mode = CommandMode::precompile;
    } else if (!compiles_only_) {
      command_.mode = CommandMode::link;
    } else if (has(InputKind::source)) {
      command_.mode = CommandMode::compile;
    } else if (has(InputKind::assembly)) {
      command_.mode = CommandMode::assemble;
      command_.reason = "assembly";
    } else {
      command_.reason = "nothing to compile";
    }
  }

  const CompilerRole role_;
  CompilerCommand command_;
  std::string untouched_;  // why the command must be untouched; empty if nothing says so
  std::string native_;     // why the objects stay native; empty if nothing says so
  std::string offload_;    // the option that asks for code for devices; empty if there is none
  std::string language_;   // value of -x
  bool compiles_only_ = false;
  bool makes_pch_ = false;
  bool has_library_ = false;
};

}  // namespace

std::span<const CompilerOption> compiler_options() { return kOptions; }

const CompilerOption* find_compiler_option(std::string_view argument) {
  for (std::size_t length = argument.size(); length > 0; --length) {
    const std::string_view name = argument.substr(0, length);
    const auto found = std::ranges::lower_bound(kOptions, name, {}, &CompilerOption::name);
    if (found == kOptions.end() || found->name != name) continue;
    if (length == argument.size() || takes_joined(*found)) return &*found;
  }
  return nullptr;
}

std::vector<CommandPart> command_parts(const std::vector<std::string>& arguments) {
  std::vector<CommandPart> parts;
  bool only_inputs = false;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    if (argument == "--" && !std::exchange(only_inputs, true)) continue;
    CommandPart part;
    part.first = i;
    part.is_input = only_inputs || !argument.starts_with('-') || argument == "-";
    if (part.is_input) {
      part.value = argument;
    } else if ((part.option = find_compiler_option(argument)) != nullptr) {
      const CompilerOption& option = *part.option;
      const bool takes_next = option.value == separate || option.value == joined_and_separate ||
                              (option.value == joined_or_separate && argument == option.name);
      if (!takes_next) part.value = argument.substr(option.name.size());
      if (takes_next && i + 1 < arguments.size()) {
        part.value = arguments[++i];
        part.count = 2;
      }
    }
    parts.push_back(std::move(part));
  }
  return parts;
}

CompilerCommand parse_compiler_command(const std::vector<std::string>& arguments, CompilerRole role) {
  return Parser(role).parse(arguments);
}

std::vector<std::string> options_without_cpu(bool names_cpu) {
  std::vector<std::string> options;
  if (!names_cpu) options = {"-Xclang", "-target-cpu", "-Xclang", ""};
#if !defined(__aarch64__)  // where clang accepts no such option, and writes no such thing
  options.emplace_back("-mtune=");
#endif
  return options;
}

std::vector<std::string> remove_native_cpu(std::vector<std::string>& arguments) {
  const auto names_cpu = [](const std::string& argument) {
    return argument.starts_with("-march=") || argument.starts_with(kNamesCpu);
  };
  const auto last = std::find_if(arguments.rbegin(), arguments.rend(), names_cpu);
  const bool overrides = last != arguments.rend() && last->ends_with("=native");
  std::vector<std::string> removed;
  std::erase_if(arguments, [&](const std::string& argument) {
    const bool is_native = argument == "-march=native" || argument == "-mtune=native" || argument == "-mcpu=native";
    if (is_native) removed.push_back(argument);
    return is_native || (overrides && names_cpu(argument));
  });
  return removed;
}

}  // namespace xaas
