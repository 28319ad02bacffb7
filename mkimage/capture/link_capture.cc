// The compiler's side of a link; see link_capture.h.
#include "mkimage/capture/link_capture.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <ranges>

#include "format/base/json_fields.h"
#include "format/base/process.h"
#include "format/base/text.h"
#include "mkimage/capture/captured_unit.h"
#include "mkimage/capture/fortran_command.h"
#include "mkimage/compiler/compiler_options.h"
#include "mkimage/compiler/compiler_run.h"
#include "mkimage/compiler/response_file.h"

namespace xaas {
namespace {

constexpr const char* kReason = "XAAS_LINK_REASON";
constexpr const char* kCompilation = "XAAS_LINK_COMPILATION";
constexpr const char* kHeaders = "XAAS_LINK_HEADERS";
constexpr std::string_view kGfortranRuntime = "-lgfortran";
constexpr auto kGccOpenmpFiles = std::to_array<std::string_view>({"libgomp.so", "libgomp.so.1"});
// The variable with the directories in which clang, flang and GCC first look for the programs that they start.
constexpr const char* kCompilerPath = "COMPILER_PATH";

bool has_sources(const CompilerCommand& command) {
  return std::ranges::any_of(command.inputs, [](const CompilerInput& input) {
    return input.kind == InputKind::source || input.kind == InputKind::assembly;
  });
}

// The compilation without objects, because a command with thousands of them would not fit into an environment variable.
Compilation without_objects(const Compilation& compilation) {
  Compilation result = compilation;
  // `compilation.command.inputs` are those of the command with response files expanded.
  const std::vector<std::string> expanded = expand_response_files(compilation.arguments);
  auto input = compilation.command.inputs.begin();
  const auto is_object = [&](const CommandPart& part) {
    return part.is_input && input != compilation.command.inputs.end() && (input++)->kind == InputKind::linker_input;
  };
  result.arguments = filter_parts(expanded, [&](const CommandPart& part, std::string_view) {
    if (part.option != nullptr && part.option->effect == OptionEffect::linker) return false;
    return !is_object(part);
  });
  return result;
}

Variables variables_for(const CaptureEnvironment& environment, const LinkOrder& order) {
  Variables variables = to_variables(environment);
  std::ranges::copy(to_variables(order), std::back_inserter(variables));
  const std::string others = environment_variable(kCompilerPath);
  variables.emplace_back(kCompilerPath, others.empty() ? environment.linkers.string()
                                                       : fmt::format("{}:{}", environment.linkers.string(), others));
  return variables;
}

// flang's runtime libraries, for a link by a C or C++ compiler that names gfortran's: the project counts on gfortran,
// and flang has compiled its Fortran code. They are archives, so the link takes only what is needed.
std::vector<std::string> flang_runtime(const CaptureEnvironment& environment, const Compilation& compilation) {
  if (!is_flang(environment.fortran_compiler) || !is_in(compilation.arguments, kGfortranRuntime)) return {};
  std::error_code error;
  const std::filesystem::path flang = std::filesystem::canonical(environment.fortran_compiler, error);
  std::vector<std::string> libraries;
  for (const char* name : {"libFortranRuntime.a", "libFortranDecimal.a"}) {
    const std::filesystem::path library = flang.parent_path().parent_path() / "lib" / name;
    if (std::filesystem::exists(library, error)) libraries.push_back(library.string());
  }
  return libraries;
}

// Whether it names GCC's runtime of OpenMP: -lgomp, -l gomp, -l:libgomp.so.1, or the path of the library.
bool is_gcc_openmp(const CommandPart& part) {
  const std::string name = part.is_input ? std::filesystem::path(part.value).filename().string() : part.value;
  if (part.is_input) return is_in(kGccOpenmpFiles, name);
  if (part.option == nullptr || part.option->name != "-l") return false;
  return name == "gomp" || (name.starts_with(':') && is_in(kGccOpenmpFiles, std::string_view(name).substr(1)));
}

// Code that clang and flang compile with -fopenmp needs LLVM's runtime. A project that names GCC's gets LLVM's in its
// place, which also has the functions that GCC's code calls. A program must not have both: one of them would start the
// threads, and the other one would number them.
void use_llvms_openmp(const Compilation& compilation, std::vector<std::string>& arguments) {
  std::error_code error;
  const std::filesystem::path compiler = std::filesystem::canonical(compilation.compiler, error);
  const std::filesystem::path root = compiler.parent_path().parent_path();
  const bool is_there = std::ranges::any_of(std::array{"lib", "lib64"}, [&](const char* directory) {
    return std::filesystem::exists(root / directory / (is_in(arguments, "-static") ? "libomp.a" : "libomp.so"), error);
  });
  const std::vector<std::string> expanded = expand_response_files(arguments);
  const std::vector<CommandPart> parts = command_parts(expanded);
  if (!is_there || std::ranges::none_of(parts, is_gcc_openmp)) return;
  arguments = expanded;
  for (const CommandPart& part : std::views::reverse(parts)) {
    if (!is_gcc_openmp(part)) continue;
    const auto first = arguments.begin() + static_cast<std::ptrdiff_t>(part.first);
    arguments.insert(arguments.erase(first, first + static_cast<std::ptrdiff_t>(part.count)), "-lomp");
  }
}

// Objects are real, so the link must be too. The project's own options for LTO must not change that.
std::vector<std::string> linking_arguments(const CaptureEnvironment& environment, const Compilation& compilation,
                                           const HeaderList& headers) {
  if (compilation.role == CompilerRole::fortran) {
    if (!is_flang(compilation.compiler)) return compilation.arguments;
    std::vector<std::string> arguments = fortran_arguments(environment, compilation);
    use_llvms_openmp(compilation, arguments);
    return arguments;
  }
  std::vector<std::string> arguments = compilation.arguments;
  if (has_sources(compilation.command)) {
    arguments = capturing_arguments(environment, compilation, headers.arguments());
  } else {
    arguments.insert(std::ranges::find(arguments, "--"), "-fno-lto");
  }
  use_llvms_openmp(compilation, arguments);
  const std::vector<std::string> runtime = flang_runtime(environment, compilation);
  const auto last = std::find(arguments.rbegin(), arguments.rend(), kGfortranRuntime);
  if (last != arguments.rend()) arguments.insert(last.base(), runtime.begin(), runtime.end());
  return arguments;
}

// Links with the compiler as the project called it. Sources are compiled without bitcode.
int link_natively(const CaptureEnvironment& environment, const Compilation& compilation, const std::string& reason) {
  const auto by_fallback = [&](const std::string& refusal) {
    return variables_for(environment, {has_sources(compilation.command) ? does_not_compile(refusal) : reason, {}, {}});
  };
  const PlainRun run = run_as_asked(compilation, variables_for(environment, {reason, {}, {}}), by_fallback);
  if (run.code != 0 && is_flang(compilation.compiler)) environment.store().set_fortran_refusal(reason);
  return run.code;
}

}  // namespace

Variables to_variables(const LinkOrder& order) {
  OrderedJson compilation;
  if (order.compilation) {
    compilation["compiler"] = order.compilation->compiler;
    compilation["role"] = static_cast<int>(order.compilation->role);
    compilation["arguments"] = order.compilation->arguments;
  }
  return {{kReason, order.reason},
          {kCompilation, order.compilation ? dump_json(compilation) : std::string()},
          {kHeaders, order.headers.string()}};
}

LinkOrder link_order() {
  LinkOrder order{environment_variable(kReason), {}, environment_variable(kHeaders)};
  const auto json = parse_json(environment_variable(kCompilation), kCompilation);
  const auto object = json ? JsonObject::of(*json, kCompilation) : tl::unexpected(json.error());
  if (!object) return order;
  const auto compiler = object->string("compiler");
  const auto role = object->integer("role", 0, static_cast<int>(CompilerRole::fortran));
  const auto arguments = object->strings("arguments");
  if (!compiler || !role || !arguments) return order;
  Compilation compilation;
  compilation.compiler = *compiler;
  compilation.role = static_cast<CompilerRole>(*role);
  compilation.arguments = *arguments;
  compilation.command = parse_compiler_command(*arguments, compilation.role);
  order.compilation = std::move(compilation);
  return order;
}

int link_and_capture(const CaptureEnvironment& environment, const Compilation& compilation) {
  if (compilation.command.mode == CommandMode::native_link) {
    return link_natively(environment, compilation, compilation.command.reason);
  }
  const bool compiles = has_sources(compilation.command);
  // GCC gives the temporary objects other names each time.
  if (compilation.role == CompilerRole::fortran && !is_flang(compilation.compiler) && compiles) {
    return link_natively(environment, compilation, kNotLowered);
  }
  const HeaderList headers(environment.store(), compilation.arguments);
  LinkOrder order;
  if (compiles) order = {{}, without_objects(compilation), headers.path()};
  Variables variables = variables_for(environment, order);
  if (compiles) std::ranges::copy(headers.variables(), std::back_inserter(variables));
  std::vector<std::string> arguments = linking_arguments(environment, compilation, headers);
  // Nothing is run twice here, so the linker's messages may appear at once.
  if (!compiles && compilation.fallback.empty() && !is_flang(compilation.compiler)) {
    const auto status = run_program(command_line(compilation, std::move(arguments)), std::move(variables));
    return status ? status->shell_code() : 1;
  }
  const TentativeRun run(compilation, std::move(arguments), std::move(variables));
  if (!run.ok()) return link_natively(environment, compilation, does_not_compile_to_bitcode(run.first_message()));
  run.pass_on_output();
  return 0;
}

}  // namespace xaas
