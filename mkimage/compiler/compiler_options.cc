// The table of compiler options; see compiler_options.h.
#include "mkimage/compiler/compiler_options.h"

#include <algorithm>
#include <array>
#include <utility>

namespace xaas {
namespace {

using enum OptionValue;
using enum OptionEffect;
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
    {"--cuda-device-only", none, untouched},
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
    {"--offload-device-only", none, untouched},
    {"--offload-new-driver", none, native},
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
    {"-Wp,-MD", joined, nothing, names_output},
    {"-Wp,-MMD", joined, nothing, names_output},
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
    {"-fgpu-rdc", none, native},
    {"-fintrinsic-modules-path", separate},
    {"-fjmc", none, native},
    {"-fmemory-profile", joined, nothing, other_files},
    {"-fmodule-", joined, native},
    {"-fmodule-file=", joined, module_file, other_files},
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

}  // namespace xaas
