#include <algorithm>
#include <catch2/catch.hpp>
#include <optional>
#include <string>
#include <vector>

#include "mkimage/compiler/compiler_command.h"
#include "mkimage/compiler/compiler_options.h"

using xaas::CommandMode;
using xaas::InputKind;
using xaas::parse_compiler_command;

namespace {

struct ClangOption {
  std::string spelling;
  std::string_view kind;
  std::string_view visibility;

  bool is_for_drivers() const {
    return visibility.find("DefaultVis") != visibility.npos || visibility.find("FlangOption") != visibility.npos;
  }
  // The number of arguments of the option with its value, if the two are separate. Nullopt when that depends on more.
  std::optional<std::size_t> arguments() const {
    if (kind == "Separate" || kind == "JoinedOrSeparate" || kind == "JoinedAndSeparate") return 2;
    if (kind == "Flag" || kind == "Joined" || kind == "CommaJoined") return 1;
    return std::nullopt;
  }
};

// Whether the option is for other systems, processors or languages.
bool is_foreign(std::string_view spelling) {
  static constexpr std::string_view kForeign[] = {"--CLASSPATH",
                                                  "--bootclasspath",
                                                  "--classpath",
                                                  "--encoding",
                                                  "--extdirs",
                                                  "--mhwdiv",
                                                  "--output-class-directory",
                                                  "--resource",
                                                  "-Xmicrosoft-visualc-tools-root",
                                                  "-Xmicrosoft-visualc-tools-version",
                                                  "-Xmicrosoft-windows-sdk-root",
                                                  "-Xmicrosoft-windows-sdk-version",
                                                  "-Xmicrosoft-windows-sys-root",
                                                  "-alias_list",
                                                  "-allowable_client",
                                                  "-arch_only",
                                                  "-arcmt-migrate-report-output",
                                                  "-bundle_loader",
                                                  "-client_name",
                                                  "-compatibility_version",
                                                  "-current_version",
                                                  "-darwin-target-variant",
                                                  "-darwin-target-variant-triple",
                                                  "-dsym-dir",
                                                  "-dylib_file",
                                                  "-dylinker_install_name",
                                                  "-exported_symbols_list",
                                                  "-filelist",
                                                  "-force_load",
                                                  "-hlsl-entry",
                                                  "-image_base",
                                                  "-install_name",
                                                  "-interface-stub-version=",
                                                  "-lazy_framework",
                                                  "-lazy_library",
                                                  "-multiply_defined",
                                                  "-multiply_defined_unused",
                                                  "-pagezero_size",
                                                  "-read_only_relocs",
                                                  "-reexport_framework",
                                                  "-reexport_library",
                                                  "-seg1addr",
                                                  "-seg_addr_table",
                                                  "-seg_addr_table_filename",
                                                  "-segs_read_only_addr",
                                                  "-segs_read_write_addr",
                                                  "-sub_library",
                                                  "-sub_umbrella",
                                                  "-umbrella",
                                                  "-undefined",
                                                  "-unexported_symbols_list",
                                                  "-weak_framework",
                                                  "-weak_library",
                                                  "-weak_reference_mismatches"};
  return std::ranges::find(kForeign, spelling) != std::end(kForeign);
}

// The list of options from clang, which flang shares.
std::vector<ClangOption> clang_options() {
  return {
#define OPTION(prefixes, spelling, id, kind, group, alias, arguments, flags, visibility, ...) \
  {spelling, #kind, #visibility},
#include <clang/Driver/Options.inc>
#undef OPTION
  };
}

}  // namespace

TEST_CASE("an option takes as many arguments as clang gives it") {
  std::size_t looked_at = 0;
  for (const ClangOption& option : clang_options()) {
    if (!option.spelling.starts_with('-') || !option.is_for_drivers() || !option.arguments()) continue;
    if (is_foreign(option.spelling)) continue;
    INFO(option.spelling << ", " << option.kind);
    const xaas::CompilerOption* ours = xaas::find_compiler_option(option.spelling);
    // An option that is left to the compiler need not be told from its value.
    if (ours != nullptr && ours->effect == xaas::OptionEffect::untouched) continue;
    const auto parts = xaas::command_parts({option.spelling, "value.c"});
    REQUIRE_FALSE(parts.empty());
    CHECK(parts.front().count == *option.arguments());
    ++looked_at;
  }
  CHECK(looked_at > 1000);
}

TEST_CASE("what the preprocessor does with an option is known of its long name, too") {
  using namespace xaas::option_flags;
  const auto has = [](const char* option, unsigned flag) { return xaas::command_parts({option}).front().has(flag); };
  for (const char* option : {"-DX", "--define-macro", "-Idirectory", "-isystem", "--include"}) {
    INFO(option);
    CHECK(has(option, preprocessing));
  }
  for (const char* option : {"-MD", "-MQ", "-MTx", "-MP"}) {
    INFO(option);
    CHECK(has(option, names_output));
    CHECK(has(option, dependency_rule));
  }
  CHECK_FALSE(has("-MFx", dependency_rule));
  for (const char* option : {"-fprofile-use=x", "-ftime-trace", "--config=x", "-specs=x", "-fplugin=x.so", "-Xclang",
                             "-fsave-optimization-record", "-fxray-instrument", "-grecord-gcc-switches"}) {
    INFO(option);
    CHECK(has(option, other_files));
  }
  CHECK_FALSE(has("-O2", other_files | preprocessing | names_output));
}

TEST_CASE("the longest option name that fits is found") {
  CHECK(xaas::find_compiler_option("-march=haswell")->name == "-march=");
  CHECK(xaas::find_compiler_option("-mavx2")->name == "-m");
  CHECK(xaas::find_compiler_option("-m32")->name == "-m32");
  CHECK(xaas::find_compiler_option("-isystem")->name == "-isystem");
  CHECK(xaas::find_compiler_option("-Ifoo")->name == "-I");
  CHECK(xaas::find_compiler_option("-MD")->name == "-MD");
  CHECK(xaas::find_compiler_option("-MDx") == nullptr);
  CHECK(xaas::find_compiler_option("-flto") == nullptr);
}

TEST_CASE("a plain compile of C or C++ is captured") {
  const auto command = parse_compiler_command({"-O2", "-DX=1", "-mavx2", "-I", "inc.c", "-c", "a.c", "-oa.o"});
  CHECK(command.mode == CommandMode::compile);
  REQUIRE(command.inputs.size() == 1);
  CHECK(command.inputs[0].path == "a.c");
  CHECK(command.output == "a.o");
  CHECK(command.machine_options == std::vector<std::string>{"-mavx2"});
  CHECK_FALSE(command.names_cpu);
  CHECK(parse_compiler_command({"-x", "c++", "-c", "strange.name"}).mode == CommandMode::compile);
  CHECK(parse_compiler_command({"-c", "--", "-odd.c"}).inputs[0].path == "-odd.c");
}

TEST_CASE("what only looks at sources is left to the real compiler") {
  for (const char* option : {"-E", "-S", "-M", "-MM", "-fsyntax-only", "-emit-llvm", "-fembed-bitcode", "--version",
                             "-v", "-###", "-print-search-dirs", "-fno-integrated-as", "-save-temps=obj"}) {
    INFO(option);
    CHECK(parse_compiler_command({option, "-c", "a.c"}).mode == CommandMode::untouched);
  }
  CHECK(parse_compiler_command({"-x", "c", "-c", "-"}).mode == CommandMode::untouched);
  CHECK(parse_compiler_command({}).mode == CommandMode::untouched);
  CHECK(parse_compiler_command({"-O2"}).mode == CommandMode::untouched);
}

TEST_CASE("units that import named modules are captured, and those of header units and interfaces stay native") {
  CHECK(parse_compiler_command({"-fmodule-file=m=m.pcm", "-c", "a.cc"}).mode == CommandMode::compile);
  CHECK(parse_compiler_command({"-fmodule-file=header.pcm", "-c", "a.cc"}).mode == CommandMode::native);
  CHECK(parse_compiler_command({"-x", "c++-module", "-c", "m.cppm"}).mode == CommandMode::native);
  CHECK(parse_compiler_command({"-fmodule-output=m.pcm", "-c", "m.cppm"}).reason == "-fmodule-output=m.pcm");
}

TEST_CASE("sanitizers and other targets stay native, with the option as the reason") {
  const auto command = parse_compiler_command({"-fsanitize=address", "-c", "a.c"});
  CHECK(command.mode == CommandMode::native);
  CHECK(command.reason == "-fsanitize=address");
  CHECK(parse_compiler_command({"-m32", "-c", "a.c"}).mode == CommandMode::native);
  CHECK(parse_compiler_command({"-fsanitize=address", "a.o"}).mode == CommandMode::native_link);
}

TEST_CASE("a unit that offloads is captured where its command makes one object, and so is a link of such objects") {
  for (const std::string option : {"--offload-arch=sm_80", "-fopenmp-targets=x86_64-pc-linux-gnu"}) {
    INFO(option);
    const auto command = parse_compiler_command({option, "-c", "a.c"});
    CHECK(command.mode == CommandMode::compile);
    CHECK(command.offloads);
    const auto link = parse_compiler_command({option, "a.o"});
    CHECK(link.mode == CommandMode::link);
    CHECK_FALSE(link.offloads);
    for (const std::vector<std::string>& others :
         {std::vector<std::string>{"-c", "a.c", "b.c"}, {"a.c"}, {"a.s", "b.o"}}) {
      std::vector<std::string> words = others;
      words.push_back(option);
      const auto other = parse_compiler_command(words);
      CHECK(other.mode == (others.front() == "-c" ? CommandMode::native : CommandMode::native_link));
      CHECK(other.reason == option);
    }
    CHECK(parse_compiler_command({option, "-c", "a.hip"}).mode == CommandMode::native);
    CHECK(parse_compiler_command({option, "-fsanitize=address", "-c", "a.c"}).reason == "-fsanitize=address");
  }
}

TEST_CASE("CUDA code is captured where clang makes one object of it, whose code for GPUs needs no link") {
  for (const std::vector<std::string>& words : {std::vector<std::string>{"-c", "a.cu"}, {"-x", "cuda", "-c", "a.cc"}}) {
    const auto command = parse_compiler_command(words);
    CHECK(command.mode == CommandMode::compile);
    CHECK(command.offloads);
  }
  CHECK_FALSE(parse_compiler_command({"-x", "c++", "-c", "a.cu"}).offloads);
  CHECK(parse_compiler_command({"-c", "a.cu", "b.cu"}).mode == CommandMode::native);
  CHECK(parse_compiler_command({"a.cu", "-o", "a"}).mode == CommandMode::native_link);
  CHECK(parse_compiler_command({"-fgpu-rdc", "-c", "a.cu"}).mode == CommandMode::native);
  CHECK(parse_compiler_command({"--offload-new-driver", "-c", "a.cu"}).mode == CommandMode::native);
  CHECK(parse_compiler_command({"--cuda-device-only", "-c", "a.cu"}).mode == CommandMode::untouched);
  CHECK(parse_compiler_command({"-c", "a.cu"}, xaas::CompilerRole::fortran).mode == CommandMode::native);
}

TEST_CASE("assembly, headers and links are told apart") {
  CHECK(parse_compiler_command({"-c", "a.S"}).mode == CommandMode::assemble);
  CHECK(parse_compiler_command({"-x", "c++-header", "a.h", "-o", "a.pch"}).mode == CommandMode::precompile);
  CHECK(parse_compiler_command({"-Xclang", "-emit-pch", "-c", "a.cxx"}).mode == CommandMode::precompile);
  CHECK(parse_compiler_command({"a.o", "-o", "a"}).mode == CommandMode::link);
  CHECK(parse_compiler_command({"-shared", "-lfoo"}).mode == CommandMode::link);
  const auto both = parse_compiler_command({"a.c", "b.S", "c.o", "-o", "a"});
  CHECK(both.mode == CommandMode::link);
  CHECK(both.inputs[0].kind == InputKind::source);
  CHECK(both.inputs[1].kind == InputKind::assembly);
  CHECK(both.inputs[2].kind == InputKind::linker_input);
}

TEST_CASE("a relocatable link is left alone, however it is asked for") {
  CHECK(parse_compiler_command({"-r", "a.o"}).mode == CommandMode::untouched);
  CHECK(parse_compiler_command({"-Wl,-O1,-r", "a.o"}).mode == CommandMode::untouched);
  CHECK(parse_compiler_command({"-Xlinker", "--relocatable", "a.o"}).mode == CommandMode::untouched);
  CHECK(parse_compiler_command({"-Wl,-rpath,/x", "a.o"}).mode == CommandMode::link);
}

TEST_CASE("a named CPU keeps its place, the plain one does not count") {
  CHECK(parse_compiler_command({"-march=x86-64-v3", "-c", "a.c"}).names_cpu);
  CHECK_FALSE(parse_compiler_command({"-march=x86-64", "-c", "a.c"}).names_cpu);
  CHECK(names_plain_cpu("-march=x86-64"));
  CHECK_FALSE(names_plain_cpu("-march=x86-64-v3"));
  CHECK_FALSE(names_plain_cpu("x86-64"));
}

TEST_CASE("options for the machine that builds are taken away") {
  std::vector<std::string> arguments = {"-O3", "-march=native", "-c", "a.c", "-mtune=native"};
  CHECK(xaas::remove_native_cpu(arguments) == std::vector<std::string>{"-march=native", "-mtune=native"});
  CHECK(arguments == std::vector<std::string>{"-O3", "-c", "a.c"});
  // What -march=native overrides had no effect.
  arguments = {"-march=haswell", "-c", "-march=native", "a.c"};
  CHECK(xaas::remove_native_cpu(arguments) == std::vector<std::string>{"-march=native"});
  CHECK(arguments == std::vector<std::string>{"-c", "a.c"});
  arguments = {"-march=native", "-c", "-march=haswell", "a.c"};
  CHECK(xaas::remove_native_cpu(arguments) == std::vector<std::string>{"-march=native"});
  CHECK(arguments == std::vector<std::string>{"-c", "-march=haswell", "a.c"});
}

TEST_CASE("values of their own are no inputs, by whatever name the option goes") {
  for (const char* option : {"--imacros", "--define-macro", "--prefix", "--std", "-A", "-G", "-specs", "-resource-dir",
                             "-mthread-model", "-framework", "-init", "--system-header-prefix"}) {
    INFO(option);
    const auto command = parse_compiler_command({option, "value.c", "-c", "a.c"});
    CHECK(command.inputs.size() == 1);
    CHECK(command.machine_options.empty());
  }
  CHECK(parse_compiler_command({"-Xarch_x86_64", "-mavx2", "-c", "a.c"}).mode == CommandMode::native);
  CHECK(parse_compiler_command({"-Xopenmp-target=x", "-O2", "-c", "a.c"}).inputs.size() == 1);
}

TEST_CASE("the long names of -c, -S and -E mean the same") {
  CHECK(parse_compiler_command({"--compile", "a.c"}).mode == CommandMode::compile);
  CHECK(parse_compiler_command({"--assemble", "a.c"}).mode == CommandMode::untouched);
  CHECK(parse_compiler_command({"--preprocess", "a.c"}).mode == CommandMode::untouched);
  CHECK(parse_compiler_command({"--for-linker", "-r", "a.o"}).mode == CommandMode::untouched);
  CHECK(parse_compiler_command({"--for-linker=-r", "a.o"}).mode == CommandMode::untouched);
}

TEST_CASE("the linker that a project names is known, and one given by its path is left to it") {
  CHECK(parse_compiler_command({"-fuse-ld=gold", "-fuse-ld=bfd", "a.o"}).linker == "bfd");
  CHECK_FALSE(parse_compiler_command({"a.o"}).linker);
  CHECK(parse_compiler_command({"--ld-path=/usr/bin/ld", "a.o"}).mode == CommandMode::native_link);
}

TEST_CASE("Fortran is compiled by a Fortran compiler only") {
  using xaas::CompilerRole;
  const auto command = parse_compiler_command({"-J", "mod.c", "-c", "a.F90"}, CompilerRole::fortran);
  CHECK(command.mode == CommandMode::compile);
  CHECK(command.inputs.size() == 1);
  CHECK(parse_compiler_command({"-c", "a.f90"}).mode == CommandMode::native);
  CHECK(parse_compiler_command({"-c", "a.c"}, CompilerRole::fortran).mode == CommandMode::native);
  CHECK(parse_compiler_command({"-x", "f95", "-c", "a.txt"}, CompilerRole::fortran).mode == CommandMode::compile);
  CHECK(parse_compiler_command({"a.f", "b.o", "-o", "a"}, CompilerRole::fortran).mode == CommandMode::link);
}
