// flang's command lines and line markers; see fortran_capture.h.
#include "mkimage/fortran_capture.h"

#include <algorithm>
#include <filesystem>

#include "format/file.h"
#include "format/mapped_file.h"
#include "mkimage/split.h"

namespace xaas {
namespace {

constexpr std::string_view kLineMarker = "#line ";

std::string plugin(const CaptureEnvironment& environment) {
  return "-fpass-plugin=" + environment.prefix_pass.string();
}

// The options of the command, for one source and something else than an object.
std::vector<std::string> with_one_source(const Compilation& compilation, const std::string& source) {
  std::vector<std::string> arguments = {compilation.compiler};
  for (const CommandPart& part : command_parts(compilation.arguments)) {
    const bool is_output = part.option != nullptr && part.option->effect == OptionEffect::output;
    const bool is_mode = part.option != nullptr && part.option->effect == OptionEffect::compile;
    const bool is_link = part.option != nullptr &&
                         (part.option->effect == OptionEffect::library || part.option->effect == OptionEffect::linker);
    if (part.is_input || is_output || is_mode || is_link) continue;
    const auto first = compilation.arguments.begin() + static_cast<std::ptrdiff_t>(part.first);
    arguments.insert(arguments.end(), first, first + static_cast<std::ptrdiff_t>(part.count));
  }
  arguments.push_back(source);
  return arguments;
}

// The names in `#line 1 "FILE"`, but for that of the source itself.
std::vector<std::string> included_files(std::string_view text, const std::string& source) {
  std::vector<std::string> files;
  const std::filesystem::path own = std::filesystem::path(source).lexically_normal();
  for (std::string_view line : split(text, '\n')) {
    if (!line.starts_with(kLineMarker)) continue;
    const std::size_t first = line.find('"');
    const std::size_t last = line.rfind('"');
    if (first == last) continue;
    const std::string file =
        std::filesystem::path(line.substr(first + 1, last - first - 1)).lexically_normal().string();
    if (file != own && std::ranges::find(files, file) == files.end()) files.push_back(file);
  }
  return files;
}

struct FortranBitcode {
  std::string bitcode;
  std::vector<std::string> headers;  // the files that it included
};

// Code::failed with the compiler's first message.
Result<FortranBitcode> compile_to_bitcode(const CaptureEnvironment& environment, const Compilation& compilation,
                                          const std::string& source) {
  const std::string output = environment.store().temporary_path(".bc").string();
  std::vector<std::string> arguments = with_one_source(compilation, source);
  arguments.insert(arguments.end(), {"-flto=thin", plugin(environment), "-c", "-o", output});
  const TentativeRun run(arguments, {});
  auto bitcode = read_file(output);
  std::error_code ignored;
  std::filesystem::remove(output, ignored);
  if (!run.ok() || !bitcode) return fail(Code::failed, "{}", run.first_message());

  arguments = with_one_source(compilation, source);
  arguments.emplace_back("-E");
  const TentativeRun text(arguments, {});
  return FortranBitcode{std::move(*bitcode), included_files(text.output(), source)};
}

void record_source(const CaptureEnvironment& environment, const Compilation& compilation, const CompilerInput& input) {
  const std::filesystem::path path = object_of(compilation, input);
  if (!std::filesystem::is_regular_file(path)) return;  // -o /dev/null
  const auto object = MappedFile::open(path);
  if (object) record_fortran_unit(environment, compilation, input.path, path.string(), object->bytes());
}

}  // namespace

bool is_flang(const std::string& compiler) {
  return compiler_family(std::filesystem::path(compiler).filename().string()).starts_with("flang");
}

std::vector<std::string> fortran_arguments(const CaptureEnvironment& environment, const Compilation& compilation) {
  std::vector<std::string> arguments = compilation.arguments;
  const auto end = arguments.insert(std::ranges::find(arguments, "--"), "-fno-lto");
  arguments.insert(end + 1, plugin(environment));
  return arguments;
}

void record_fortran_unit(const CaptureEnvironment& environment, const Compilation& compilation,
                         const std::string& source, const std::string& target, std::string_view object) {
  CompiledUnit unit{source, target, object, std::nullopt};
  Compilation recorded = compilation;
  const auto compiled = compile_to_bitcode(environment, compilation, source);
  if (compiled) {
    unit.bitcode = compiled->bitcode;
    unit.headers = compiled->headers;
  } else {
    recorded.command.reason = does_not_compile_to_bitcode(compiled.error().message);
  }
  record_unit(environment, recorded, unit);
}

int compile_fortran(const CaptureEnvironment& environment, const Compilation& compilation) {
  std::vector<std::string> arguments = fortran_arguments(environment, compilation);
  arguments.insert(arguments.begin(), compilation.compiler);
  const TentativeRun run(std::move(arguments), {});
  run.pass_on_output();
  if (!run.ok()) {
    environment.store().set_fortran_refusal(run.first_message());
    return run.code();
  }
  for (const CompilerInput& input : compilation.command.inputs) {
    if (input.kind == InputKind::source) record_source(environment, compilation, input);
  }
  return 0;
}

}  // namespace xaas
