// The table of compiler options and the decision made with it; see compiler_options.h.
#include "mkimage/compiler/compiler_options.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <utility>

#include "format/base/split.h"

namespace xaas {
namespace {

using enum OptionValue;
using enum OptionEffect;

// Only options that take a separate value, or that mean something to us. Sorted; a test checks it.
constexpr std::array kOptions = std::to_array<CompilerOption>({
    {"-###", none, untouched},
    {"--analyze", none, untouched},
    {"--assemble", none, untouched},
    {"--assert", separate},
    {"--compile", none, compile},
    {"--config", separate},
    {"--coverage", none, native},
    {"--define-macro", separate},
    {"--dyld-prefix", separate},
    {"--for-linker", separate, linker},
    {"--for-linker=", joined, linker},
    {"--help", joined, untouched},
    {"--imacros", separate},
    {"--include", separate},
    {"--include-directory", separate},
    {"--include-directory-after", separate},
    {"--include-with-prefix", separate},
    {"--include-with-prefix-after", separate},
    {"--include-with-prefix-before", separate},
    {"--language", separate, language},
    {"--language=", joined, language},
    {"--ld-path=", joined, native},
    {"--library-directory", separate},
    {"--offload-arch=", joined, native},
    {"--output", separate, output},
    {"--output=", joined, output},
    {"--param", separate},
    {"--precompile", none, untouched},
    {"--prefix", separate},
    {"--preprocess", none, untouched},
    {"--print-", joined, untouched},
    {"--rtlib", separate},
    {"--serialize-diagnostics", separate},
    {"--std", separate},
    {"--stdlib", separate},
    {"--sysroot", separate},
    {"--system-header-prefix", separate},
    {"--target=", joined, native},
    {"--undefine-macro", separate},
    {"--verbose", none, untouched},
    {"--version", none, untouched},
    {"-A", joined_or_separate},
    {"-B", joined_or_separate},
    {"-D", joined_or_separate},
    {"-E", none, untouched},
    {"-F", joined_or_separate},
    {"-G", joined_or_separate},
    {"-I", joined_or_separate},
    {"-J", joined_or_separate},
    {"-L", joined_or_separate},
    {"-M", none, untouched},
    {"-MF", joined_or_separate},
    {"-MJ", joined_or_separate},
    {"-MM", none, untouched},
    {"-MQ", joined_or_separate},
    {"-MT", joined_or_separate},
    {"-S", none, untouched},
    {"-T", joined_or_separate},
    {"-U", joined_or_separate},
    {"-V", separate},
    {"-Wl,", joined, linker},
    {"-Xanalyzer", separate},
    {"-Xarch_", joined_and_separate, native},
    {"-Xassembler", separate},
    {"-Xclang", separate},
    {"-Xcuda-fatbinary", separate},
    {"-Xcuda-ptxas", separate},
    {"-Xlinker", separate, linker},
    {"-Xoffload-linker", separate},
    {"-Xopenmp-target", separate},
    {"-Xopenmp-target=", joined_and_separate},
    {"-Xpreprocessor", separate},
    {"-arch", separate, native},
    {"-b", joined_or_separate},
    {"-c", none, compile},
    {"-ccc-", joined, untouched},
    {"-coverage", none, native},
    {"-cxx-isystem", joined_or_separate},
    {"-dependency-dot", separate},
    {"-dependency-file", separate},
    {"-dumpdir", separate},
    {"-dumpmachine", none, untouched},
    {"-dumpspecs", none, untouched},
    {"-dumpversion", none, untouched},
    {"-e", joined_or_separate},
    {"-emit-ast", none, untouched},
    {"-emit-interface-stubs", none, untouched},
    {"-emit-llvm", none, untouched},
    {"-emit-merged-ifs", none, untouched},
    {"-fbasic-block-address-map", none, native},
    {"-fbasic-block-sections=", joined, native},
    {"-fcs-profile-generate", joined, native},
    {"-fdata-sections", none, section},
    {"-fdriver-only", none, untouched},
    {"-fembed-bitcode", joined, untouched},
    {"-femulated-tls", none, native},
    {"-ffunction-sections", none, section},
    {"-fjmc", none, native},
    {"-fmodule-", joined, native},
    {"-fmodules", joined, native},
    {"-fmodules-user-build-path", separate},
    {"-fms-hotpatch", none, native},
    {"-fno-data-sections", none, section},
    {"-fno-function-sections", none, section},
    {"-fno-integrated-as", none, untouched},
    {"-fno-use-init-array", none, native},
    {"-fno-xray-function-index", none, native},
    {"-fno-zero-initialized-in-bss", none, native},
    {"-fopenmp-targets=", joined, native},
    {"-fpass-plugin=", joined, native},
    {"-fprofile-arcs", none, native},
    {"-fprofile-generate", joined, native},
    {"-fprofile-instr-generate", joined, native},
    {"-framework", separate},
    {"-fsanitize=", joined, native},
    {"-fseparate-named-sections", none, native},
    {"-fsplit-machine-functions", none, native},
    {"-fstack-size-section", none, native},
    {"-fsyntax-only", none, untouched},
    {"-ftest-coverage", none, native},
    {"-fthinlto-index=", joined, untouched},
    {"-ftrapv-handler", separate},
    {"-funified-lto", none, native},
    {"-fuse-ld=", joined, linker_name},
    {"-fvirtual-function-elimination", none, native},
    {"-gen-cdb-fragment-path", separate},
    {"-gsplit-dwarf", joined, native},
    {"-help", none, untouched},
    {"-idirafter", joined_or_separate},
    {"-iframework", joined_or_separate},
    {"-imacros", joined_or_separate},
    {"-imultilib", separate},
    {"-include", joined_or_separate},
    {"-include-pch", separate},
    {"-init", separate},
    {"-iprefix", joined_or_separate},
    {"-iquote", joined_or_separate},
    {"-isysroot", joined_or_separate},
    {"-isystem", joined_or_separate},
    {"-isystem-after", joined_or_separate},
    {"-ivfsoverlay", joined_or_separate},
    {"-iwithprefix", joined_or_separate},
    {"-iwithprefixbefore", joined_or_separate},
    {"-iwithsysroot", joined_or_separate},
    {"-l", joined_or_separate, library},
    {"-m", joined, machine},
    {"-m16", none, native},
    {"-m32", none, native},
    {"-march=", joined, cpu},
    {"-mcpu=", joined},
    {"-meabi", separate},
    {"-mllvm", separate, native},
    {"-mmlir", separate},
    {"-module-dir", separate},
    {"-msse2avx", none, native},
    {"-mthread-model", separate},
    {"-mtune=", joined},
    {"-mx32", none, native},
    {"-no-integrated-as", none, untouched},
    {"-o", joined_or_separate, output},
    {"-object-file-name", separate},
    {"-pass-exit-codes", none},
    {"-print-", joined, untouched},
    {"-r", none, untouched},
    {"-resource-dir", separate},
    {"-rewrite-", joined, untouched},
    {"-rpath", separate},
    {"-save-temps", joined, untouched},
    {"-serialize-diagnostics", separate},
    {"-specs", separate},
    {"-stdlib++-isystem", joined_or_separate},
    {"-target", separate, native},
    {"-u", joined_or_separate},
    {"-v", none, untouched},
    {"-verify-pch", none, untouched},
    {"-working-directory", separate, native},
    {"-working-directory=", joined, native},
    {"-x", joined_or_separate, language},
    {"-z", joined_or_separate},
});

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
  const auto is_in = [&](const auto& list) { return std::ranges::find(list, extension) != list.end(); };
  const bool is_fortran = role == CompilerRole::fortran;
  if (is_in(kFortran)) return is_fortran ? InputKind::source : InputKind::other;
  if (is_in(kSources)) return is_fortran ? InputKind::other : InputKind::source;
  if (is_in(kAssembly)) return InputKind::assembly;
  if (is_in(kHeaders)) return InputKind::header;
  return is_in(kOther) ? InputKind::other : InputKind::linker_input;
}

// Whether -Wl,VALUE or -Xlinker VALUE makes the link relocatable; what comes out of that is a native object.
bool asks_relocatable(std::string_view value) {
  return std::ranges::any_of(
      split(value, ','), [](std::string_view word) { return word == "-r" || word == "--relocatable" || word == "-i"; });
}

// Collects what the options say; decide() then judges the whole.
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
        command_.names_cpu = value != "x86-64";
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

  void decide() {
    const auto has = [&](InputKind kind) {
      return std::ranges::any_of(command_.inputs, [&](const CompilerInput& input) { return input.kind == kind; });
    };
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
  std::string untouched_;  // the reason, when there is one
  std::string native_;     // likewise
  std::string language_;   // of -x
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

std::vector<std::string> remove_native_cpu(std::vector<std::string>& arguments) {
  std::vector<std::string> removed;
  std::erase_if(arguments, [&](const std::string& argument) {
    const bool is_native = argument == "-march=native" || argument == "-mtune=native" || argument == "-mcpu=native";
    if (is_native) removed.push_back(argument);
    return is_native;
  });
  return removed;
}

}  // namespace xaas
