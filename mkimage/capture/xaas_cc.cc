// The compiler of a build by mkxaas. It behaves as clang does, and leaves behind bitcode and a record of every link. It
// is called as xaas-cc, xaas-c++ or xaas-fc, or by the name of the compiler for which it stands.
#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "format/base/process.h"
#include "format/base/tool_main.h"
#include "mkimage/capture/compile_capture.h"
#include "mkimage/capture/cuda_toolkit.h"
#include "mkimage/capture/fortran_capture.h"
#include "mkimage/capture/fortran_command.h"
#include "mkimage/capture/link_capture.h"
#include "mkimage/capture/linker.h"
#include "mkimage/capture/nvcc_command.h"
#include "mkimage/capture/nvcc_source.h"
#include "mkimage/capture/real_linker.h"
#include "mkimage/compiler/compiler_run.h"
#include "mkimage/compiler/kept_pipes.h"
#include "mkimage/compiler/real_compiler.h"
#include "mkimage/compiler/response_file.h"
#include "mkimage/record/capture_environment.h"

namespace {

// If the project calls a Fortran compiler by name and flang is not configured, that compiler runs, because module files
// of two compilers do not go together.
std::string real_fortran(const std::string& name, const std::string& configured) {
  if (xaas::is_flang(configured)) return configured;
  const auto called = xaas::find_real_compiler(name);
  if (called) return called->string();
  return configured.empty() ? xaas::kDefaultFortran : configured;
}

std::string real_compiler(const std::string& name, const xaas::CaptureEnvironment& environment) {
  const auto first_of = [](const std::string& configured, const char* other) {
    return configured.empty() ? other : configured;
  };
  switch (xaas::compiler_role(name)) {
    case xaas::CompilerRole::c:
      return first_of(environment.c_compiler, xaas::kDefaultC);
    case xaas::CompilerRole::cxx:
      return first_of(environment.cxx_compiler, xaas::kDefaultCxx);
    case xaas::CompilerRole::fortran:
      return real_fortran(name, environment.fortran_compiler);
  }
  return xaas::kDefaultC;
}

// The compiler to fall back on. A project that calls GCC, or the system's compiler, may need it.
std::string fallback_for(const std::string& name) {
  constexpr auto kFamilies = std::to_array<std::string_view>({"c++", "cc", "g++", "gcc"});
  if (std::ranges::find(kFamilies, xaas::compiler_family(name)) == kFamilies.end()) return {};
  const auto path = xaas::find_real_compiler(name);
  return path ? path->string() : "";
}

// The compiler to try where ours refuses a source: a project that calls $CC may need the system's compiler, in whose
// place mkxaas puts ours.
std::string last_resort_for(const std::string& name) {
  if (name != xaas::kDefaultC && name != xaas::kDefaultCxx) return {};
  const auto path = xaas::find_real_compiler(name == xaas::kDefaultC ? "cc" : "c++");
  return path ? path->string() : "";
}

// c89 and c99 are names that stand for a compiler and an option.
void add_implied_options(const std::string& name, std::vector<std::string>& arguments) {
  const std::string_view family = xaas::compiler_family(name);
  if (family == "c89" || family == "c99") arguments.insert(arguments.begin(), fmt::format("-std={}", family));
}

// GCC compiles some code with a warning that clang 19 refuses. Options make clang do the same, unless the project turns
// warnings into errors.
void add_gcc_tolerance(xaas::CompilerRole role, const std::vector<std::string>& expanded,
                       std::vector<std::string>& arguments) {
  constexpr auto kInC =
      std::to_array<std::string_view>({"implicit-function-declaration", "implicit-int",
                                       "incompatible-function-pointer-types", "int-conversion", "return-mismatch"});
  constexpr auto kInCxx = std::to_array<std::string_view>({"c++11-narrowing", "enum-constexpr-conversion",
                                                           "missing-template-arg-list-after-template-kw", "register",
                                                           "reserved-user-defined-literal"});
  if (role == xaas::CompilerRole::fortran) return;
  const auto is_strict = [](const std::string& argument) {
    return argument == "-Werror" || argument == "-pedantic-errors" || argument.starts_with("-Werror=");
  };
  if (std::ranges::any_of(expanded, is_strict)) return;
  std::vector<std::string> tolerance;
  for (const std::string_view warning : role == xaas::CompilerRole::c ? kInC : kInCxx)
    tolerance.push_back(fmt::format("-Wno-error={}", warning));
  arguments.insert(arguments.begin(), tolerance.begin(), tolerance.end());
}

// Has clang tell what it leaves out of GCC's language (TentativeRun), even if the project wants no warnings.
void add_gcc_warnings(std::vector<std::string>& arguments) {
  const auto shows_none = [](const std::string& argument) {
    return argument == "-w" || argument == "-Wno-attributes" || argument == "-Wno-unknown-attributes" ||
           argument == "-Wno-ignored-optimization-argument";
  };
  const auto hiding = std::ranges::find_if(arguments, shows_none);
  if (hiding == arguments.end()) return;
  std::vector<std::string> ours = {"-Wunknown-attributes", "-Wignored-optimization-argument"};
  if (std::erase(arguments, "-w") > 0) ours.insert(ours.begin(), "-Wno-everything");
  arguments.insert(std::ranges::find(arguments, "--"), ours.begin(), ours.end());
}

// clang compiles CUDA code with toolkits that are newer than it only with options of ours.
void add_toolkit_options(const xaas::CaptureEnvironment& environment, const std::string& compiler,
                         const std::vector<std::string>& expanded, std::vector<std::string>& arguments) {
  const auto options = xaas::options_for_newer_toolkit(environment, compiler, expanded);
  if (!options) {
    environment.store().note(options.error().message);
    return;
  }
  arguments.insert(arguments.begin(), options->begin(), options->end());
}

// The same for the programs that clang starts to link code for GPUs.
void offer_toolkit_programs(const xaas::CaptureEnvironment& environment, const std::string& compiler,
                            const std::vector<std::string>& expanded) {
  const auto directory = xaas::programs_for_newer_toolkit(environment, compiler, expanded);
  if (!directory) environment.store().note(directory.error().message);
  if (!directory || directory->empty()) return;
  const std::string path = fmt::format("{}:{}", *directory, xaas::environment_variable("PATH"));
  setenv("PATH", path.c_str(), 1);  // NOLINT(concurrency-mt-unsafe): one thread
}

// What becomes of -march=native and its like.
std::string describe_removed(const std::string& option, const std::vector<std::string>& levels) {
  return fmt::format(
      "{} stands for the CPU that runs the programs, not for this one: they are lowered for it, {}", option,
      levels.empty()
          ? "but code that asks for the CPU while it is compiled is compiled for none in particular (see --levels)"
          : "and code that asks for the CPU while it is compiled is compiled for several levels");
}

// Whether the command runs clang's compiler or assembler itself (-cc1), which knows no options of drivers.
bool is_part_of_clang(const std::vector<std::string>& arguments) {
  return !arguments.empty() && arguments.front().starts_with("-cc1");
}

int run_untouched(const std::string& compiler, std::vector<std::string> arguments) {
  const auto path = xaas::find_real_compiler(compiler);
  if (path) {
    arguments.insert(arguments.begin(), path->string());
    const xaas::Error error = xaas::exec_process(arguments);
    fmt::print(stderr, "xaas-cc: {}\n", error.message);
  } else {
    fmt::print(stderr, "xaas-cc: {}\n", path.error().message);
  }
  return 1;
}

// Runs the compiler without a capture, or, if it fails, the compiler that the project called by name.
int run_untouched_or_fallback(const xaas::Compilation& compilation) {
  if (compilation.fallback.empty()) return run_untouched(compilation.compiler, compilation.arguments);
  return xaas::run_as_asked(compilation, {}).code;
}

// Runs xaas-cc as the stand-in for a linker. Only compilers in a build by mkxaas start it by such a name.
int run_linker(const std::string& name, const std::vector<std::string>& arguments) {
  const auto environment = xaas::capture_environment();
  if (environment) return xaas::link_and_record(*environment, name, arguments);
  fmt::print(stderr, "xaas-cc: {} stands in for a linker only in a build by mkxaas\n", name);
  return 1;
}

// Runs nvcc, with the families of a build by mkxaas.
int run_nvcc(std::vector<std::string> arguments) {
  const auto environment = xaas::capture_environment();
  if (environment) return xaas::run_nvcc_in_path(*environment, std::move(arguments));
  return run_untouched(std::string(xaas::kNvccName), std::move(arguments));
}

// Runs the compiler that the first argument names: an nvcc with families, unless it is xaas-cc, which adds them itself.
int launch(std::vector<std::string> arguments) {
  const auto environment = xaas::capture_environment();
  if (arguments.empty() || !environment) {
    fmt::print(stderr, "xaas-cc: {} starts nvcc only in a build by mkxaas\n", xaas::kNvccLauncher);
    return 1;
  }
  std::error_code ignored;
  const auto own = xaas::own_executable();
  const std::filesystem::path program = arguments.front();
  const bool is_nvcc = program.is_absolute() && program.filename() == xaas::kNvccName &&
                       !(own && std::filesystem::equivalent(program, *own, ignored));
  if (is_nvcc) return xaas::run_nvcc(*environment, std::move(arguments));
  fmt::print(stderr, "xaas-cc: {}\n", xaas::exec_process(arguments).message);
  return 1;
}

constexpr int kMostLinks = 8;  // from the name of a compiler to xaas-cc

// Restores the variables of a build by the directory of a link by which this process may have been called, or of a link
// to which it leads. False if none of them is a directory of mkxaas.
bool restore_variables_along(std::filesystem::path link) {
  for (int i = 0; i < kMostLinks; ++i) {
    if (xaas::restore_variables(link.parent_path())) return true;
    std::error_code error;
    const std::filesystem::path target = std::filesystem::read_symlink(link, error);
    if (error) return false;
    link = link.parent_path() / target;
  }
  return false;
}

// A build may have cleared the environment.
void restore_variables(const std::string& called_as) {
  if (xaas::has_capture_variables()) return;
  if (called_as.find('/') != std::string::npos) {
    restore_variables_along(called_as);
    return;
  }
  const auto own = xaas::own_executable();
  for (const std::filesystem::path& directory : xaas::path_directories()) {
    std::error_code ignored;
    const std::filesystem::path link = directory / called_as;
    if (own && std::filesystem::equivalent(link, *own, ignored) && restore_variables_along(link)) return;
  }
}

int run(const std::string& called_as, std::vector<std::string> arguments) {
  restore_variables(called_as);
  const std::string name = std::filesystem::path(called_as).filename().string();
  // nvcc starts compilers for the host, which must be xaas-cc.
  if (name == xaas::kNvccName) return run_nvcc(std::move(arguments));
  if (name == xaas::kNvccLauncher) return launch(std::move(arguments));
  if (xaas::is_toolkit_program(name)) return xaas::run_toolkit_program(called_as, arguments);
  xaas::leave_path();
  if (xaas::is_linker_name(name)) return run_linker(name, arguments);
  add_implied_options(name, arguments);
  const auto environment = xaas::capture_environment();
  const xaas::CompilerRole role = xaas::compiler_role(name);
  const std::string compiler = real_compiler(name, environment.value_or(xaas::CaptureEnvironment()));
  if (!environment || is_part_of_clang(arguments)) return run_untouched(compiler, std::move(arguments));

  if (const auto kept = xaas::keep_pipes(arguments); !kept) {
    fmt::print(stderr, "xaas-cc: {}\n", kept.error().message);
    return 1;
  }
  std::vector<std::string> expanded = xaas::expand_response_files(arguments);
  const std::vector<std::string> removed = xaas::remove_native_cpu(expanded);
  if (!removed.empty()) {
    environment->store().note(describe_removed(removed.front(), environment->levels));
    // If the option was in a response file, only the expanded arguments are without it.
    if (xaas::remove_native_cpu(arguments).size() != removed.size()) arguments = expanded;
  }
  const auto host_code = xaas::NvccSource::take(*environment, arguments);
  if (!host_code) environment->store().note(host_code.error().message);
  const bool is_host_code = host_code && host_code->has_value();
  if (is_host_code && xaas::environment_variable(xaas::kNvccVariable).empty())
    environment->store().note(
        "an nvcc that the build calls by its path compiles for the architectures that the project names, and for no "
        "families: let the build call nvcc, as by `-- NVCC=nvcc` where the makefile has such a variable");
  if (is_host_code) expanded = xaas::expand_response_files(arguments);
  xaas::CompilerCommand command = xaas::parse_compiler_command(expanded, role);
  const std::vector<std::string> fallback_arguments = arguments;
  const std::string fallback = fallback_for(name);
  if (!command.inputs.empty()) add_gcc_tolerance(role, expanded, arguments);
  if (!fallback.empty()) add_gcc_warnings(arguments);
  if (command.is_cuda) add_toolkit_options(*environment, compiler, expanded, arguments);
  if (xaas::links_device_code(expanded)) offer_toolkit_programs(*environment, compiler, expanded);
  // GNU as does not know clang's table of addresses, and projects that call GCC assemble with it.
  if (!fallback.empty() && command.reason == "-S") arguments.insert(arguments.begin(), "-fno-addrsig");
  xaas::Compilation compilation{.compiler = compiler,
                                .arguments = std::move(arguments),
                                .command = std::move(command),
                                .fallback = fallback,
                                .role = role,
                                .fallback_arguments = fallback_arguments,
                                .last_resort = is_host_code ? "" : last_resort_for(name),
                                .source_name = is_host_code ? (*host_code)->name() : ""};
  const bool is_fortran = role == xaas::CompilerRole::fortran && compilation.command.mode == xaas::CommandMode::compile;
  if (is_fortran && xaas::is_flang(compiler)) return xaas::compile_fortran(*environment, compilation);
  if (is_fortran) {
    compilation.command.mode = xaas::CommandMode::native;
    compilation.command.reason = xaas::kNotLowered;
  }
  switch (compilation.command.mode) {
    case xaas::CommandMode::untouched:
      return run_untouched_or_fallback(compilation);
    case xaas::CommandMode::native:
    case xaas::CommandMode::assemble:
    case xaas::CommandMode::compile:
    case xaas::CommandMode::precompile:
      return xaas::compile_and_capture(*environment, compilation);
    case xaas::CommandMode::link:
    case xaas::CommandMode::native_link:
      return xaas::link_and_capture(*environment, compilation);
  }
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  return xaas::tool_main("xaas-cc", [&] {
    return run(argc > 0 ? argv[0] : "xaas-cc", std::vector<std::string>(argv + (argc > 0 ? 1 : 0), argv + argc));
  });
}
