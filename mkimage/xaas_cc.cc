// The compiler of a capturing build: behaves as clang does, and leaves bitcode and a record of every link behind.
// Called as xaas-cc, xaas-c++ or xaas-fc, or by the name of the compiler that it stands in for.
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "mkimage/capture_environment.h"
#include "mkimage/compile_capture.h"
#include "mkimage/fortran_capture.h"
#include "mkimage/link_capture.h"
#include "mkimage/process.h"
#include "mkimage/real_compiler.h"
#include "mkimage/response_file.h"

namespace {

// A Fortran compiler that is called by the name of another one than ours is that one: module files do not mix.
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

// A project that calls GCC may need it.
std::string fallback_for(const std::string& name) {
  const std::string_view family = xaas::compiler_family(name);
  if (family != "gcc" && family != "g++") return {};
  const auto path = xaas::find_real_compiler(name);
  return path ? path->string() : "";
}

// c89 and c99 are names for a compiler and an option.
void add_implied_options(const std::string& name, std::vector<std::string>& arguments) {
  const std::string_view family = xaas::compiler_family(name);
  if (family == "c89" || family == "c99") arguments.insert(arguments.begin(), fmt::format("-std={}", family));
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

int run(const std::string& called_as, std::vector<std::string> arguments) {
  const std::string name = std::filesystem::path(called_as).filename().string();
  xaas::leave_path();
  add_implied_options(name, arguments);
  const auto environment = xaas::capture_environment();
  const xaas::CompilerRole role = xaas::compiler_role(name);
  const std::string compiler = real_compiler(name, environment.value_or(xaas::CaptureEnvironment()));
  if (!environment) return run_untouched(compiler, std::move(arguments));

  std::vector<std::string> expanded = xaas::expand_response_files(arguments);
  const std::vector<std::string> removed = xaas::remove_native_cpu(expanded);
  if (!removed.empty()) {
    environment->store().note(
        fmt::format("{} ignored: an image must not depend on the machine that built it", removed[0]));
    // Where the option stood in a response file, only the expanded form is without it.
    if (xaas::remove_native_cpu(arguments).size() != removed.size()) arguments = expanded;
  }
  xaas::Compilation compilation{compiler, std::move(arguments), xaas::parse_compiler_command(expanded, role),
                                fallback_for(name), role};
  const bool is_fortran = role == xaas::CompilerRole::fortran && compilation.command.mode == xaas::CommandMode::compile;
  if (is_fortran && xaas::is_flang(compiler)) return xaas::compile_fortran(*environment, compilation);
  if (is_fortran) {
    compilation.command.mode = xaas::CommandMode::native;
    compilation.command.reason = xaas::kNotLowered;
  }
  switch (compilation.command.mode) {
    case xaas::CommandMode::untouched:
      return run_untouched(compiler, std::move(compilation.arguments));
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
  try {
    return run(argc > 0 ? argv[0] : "xaas-cc", std::vector<std::string>(argv + (argc > 0 ? 1 : 0), argv + argc));
  } catch (const std::exception& error) {
    static_cast<void>(std::fprintf(stderr, "xaas-cc: %s\n", error.what()));
    return 1;
  }
}
