// Compiles each unit twice; see fortran_capture.h.
#include "mkimage/capture/fortran_capture.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>

#include "format/base/file.h"
#include "format/base/mapped_file.h"
#include "mkimage/capture/captured_unit.h"
#include "mkimage/capture/compile_capture.h"
#include "mkimage/capture/fortran_command.h"
#include "mkimage/capture/fortran_unit.h"
#include "mkimage/compiler/compiler_options.h"
#include "mkimage/compiler/compiler_run.h"

namespace xaas {
namespace {

// The command for one source only, without the options that name the object and those for the linker.
std::vector<std::string> with_one_source(const Compilation& compilation, const std::string& source) {
  std::vector<std::string> arguments =
      filter_parts(compilation.arguments, [](const CommandPart& part, std::string_view /*argument*/) {
        if (part.is_input) return false;
        const OptionEffect effect = part.option == nullptr ? OptionEffect::nothing : part.option->effect;
        return effect != OptionEffect::output && effect != OptionEffect::compile && effect != OptionEffect::library &&
               effect != OptionEffect::linker;
      });
  arguments.insert(arguments.begin(), compilation.compiler);
  arguments.push_back(source);
  return arguments;
}

// flang's preprocessed text of one source of the command. Nullopt if flang refuses.
std::optional<std::string> preprocess(const Compilation& compilation, const std::string& source) {
  std::vector<std::string> arguments = with_one_source(compilation, source);
  arguments.emplace_back("-E");
  const TentativeRun text(arguments, {});
  return text.ok() ? std::optional(text.output()) : std::nullopt;
}

// Returns the bitcode. Code::failed with the compiler's first message.
Result<std::string> compile_to_bitcode(const CaptureEnvironment& environment, const Compilation& compilation,
                                       const std::string& source) {
  const StoreFile output(environment.store(), ".bc");
  std::vector<std::string> arguments = with_one_source(compilation, source);
  arguments.insert(arguments.end(), {"-flto=thin", pass_plugin(environment), "-c", "-o", output.path().string()});
  const TentativeRun run(arguments, {});
  auto bitcode = read_file(output.path());
  if (!run.ok() || !bitcode) return fail(Code::failed, "{}", run.first_message());
  return std::move(*bitcode);
}

void record_source(const CaptureEnvironment& environment, const Compilation& compilation, const CompilerInput& input) {
  const std::filesystem::path path = object_of(compilation, input);
  if (!std::filesystem::is_regular_file(path)) return;  // -o /dev/null
  const auto object = MappedFile::open(path);
  if (object) record_fortran_unit(environment, compilation, input.path, path.string(), object->bytes());
}

// Whether `path` is a regular file or does not exist.
bool is_plain_target(const std::filesystem::path& path) {
  std::error_code ignored;
  const auto status = std::filesystem::symlink_status(path, ignored);
  return !std::filesystem::exists(status) || std::filesystem::is_regular_file(status);
}

int refuse(const CaptureEnvironment& environment, const TentativeRun& run) {
  environment.store().set_fortran_refusal(run.first_message());
  return run.code();
}

// The command with module files written to `directory`, where no other files are.
std::vector<std::string> with_modules_in(const std::filesystem::path& directory, const Compilation& compilation,
                                         const std::vector<std::string>& arguments) {
  std::vector<std::string> result = filter_parts(arguments, [](const CommandPart& part, std::string_view /*argument*/) {
    return part.option == nullptr || (part.option->name != "-J" && part.option->name != "-module-dir");
  });
  result.insert(result.begin(),
                {compilation.compiler, "-J" + directory.string(), "-I" + module_directory(compilation).string()});
  return result;
}

// File name -> content.
std::map<std::string, std::string> read_files(const std::filesystem::path& directory) {
  std::map<std::string, std::string> files;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(directory, error);
       !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    if (auto content = read_file(entry->path())) files.emplace(entry->path().filename().string(), std::move(*content));
  }
  return files;
}

// Writes module files. As with flang, an unchanged file is left alone, so that files that depend on it need not be made
// again.
Status put_modules(const Compilation& compilation, const std::map<std::string, std::string>& modules) {
  for (const auto& [name, content] : modules) {
    const std::filesystem::path path = module_directory(compilation) / name;
    const auto there = read_file(path);
    if (!there || *there != content) XAAS_TRY(replace_file(path, content));
  }
  return {};
}

// The exit status of a compile, and its result. There is no result if the compile failed or made no bitcode.
struct Compiled {
  int code = 0;
  std::optional<CompileResult> result;
};
Result<Compiled> compile_and_keep(const CaptureEnvironment& environment, const Compilation& compilation,
                                  const Digest& key) {
  const std::filesystem::path parent = environment.store().temporary_path("").parent_path();
  XAAS_ASSIGN(const TempDirectory modules, TempDirectory::create(parent));
  const TentativeRun run(with_modules_in(modules.path(), compilation, fortran_arguments(environment, compilation)), {});
  run.pass_on_output();
  if (!run.ok()) return Compiled{refuse(environment, run), std::nullopt};
  CompileResult result{{}, run.output(), run.messages(), false, {}, read_files(modules.path())};
  XAAS_TRY(put_modules(compilation, result.modules));
  const CompilerInput& input = compilation.command.inputs.front();
  XAAS_ASSIGN(result.object, read_file(object_of(compilation, input)));
  const auto bitcode = compile_to_bitcode(environment, compilation, input.path);
  if (!bitcode) return Compiled{0, std::nullopt};
  result.bitcode = *bitcode;
  static_cast<void>(CaptureCache(environment.cache).add(key, result));
  return Compiled{0, std::move(result)};
}

}  // namespace

void record_fortran_unit(const CaptureEnvironment& environment, const Compilation& compilation,
                         const std::string& source, const std::string& target, std::string_view object) {
  CompiledUnit unit{source, target, object, std::nullopt};
  Compilation recorded = compilation;
  const auto bitcode = compile_to_bitcode(environment, compilation, source);
  if (bitcode) {
    unit.bitcode = *bitcode;
  } else {
    recorded.command.reason = does_not_compile_to_bitcode(bitcode.error().message);
  }
  if (const auto text = preprocess(compilation, source)) unit.headers = included_files(*text, source);
  record_unit(environment, recorded, unit);
}

namespace {

// For a command with one source: takes the result of an earlier compile, or compiles and keeps the result. Nullopt if
// the source must be compiled as usual.
std::optional<int> find_or_compile(const CaptureEnvironment& environment, const Compilation& compilation) {
  if (compilation.command.inputs.size() != 1) return std::nullopt;
  const CompilerInput& input = compilation.command.inputs.front();
  const auto text = preprocess(compilation, input.path);
  const auto key = text ? fortran_key(environment, compilation, *text) : std::nullopt;
  if (!key || !is_plain_target(object_of(compilation, input))) return std::nullopt;
  auto result = CaptureCache(environment.cache).find(*key);
  const bool is_shared = result && put_modules(compilation, result->modules) && replay(compilation, *result);
  if (!is_shared) {
    auto compiled = compile_and_keep(environment, compilation, *key);
    if (!compiled) return std::nullopt;
    if (compiled->code != 0) return compiled->code;
    if (!compiled->result) return std::nullopt;
    result = std::move(compiled->result);
  }
  CompiledUnit unit{input.path, object_of(compilation, input).string(), result->object, result->bitcode};
  unit.headers = included_files(*text, input.path);
  unit.is_shared = is_shared;
  record_unit(environment, compilation, unit);
  return 0;
}

}  // namespace

int compile_fortran(const CaptureEnvironment& environment, const Compilation& compilation) {
  if (!environment.cache.empty()) {
    if (const auto code = find_or_compile(environment, compilation)) return *code;
  }
  std::vector<std::string> arguments = fortran_arguments(environment, compilation);
  arguments.insert(arguments.begin(), compilation.compiler);
  const TentativeRun run(std::move(arguments), {});
  run.pass_on_output();
  if (!run.ok()) return refuse(environment, run);
  for (const CompilerInput& input : compilation.command.inputs) {
    if (input.kind == InputKind::source) record_source(environment, compilation, input);
  }
  return 0;
}

}  // namespace xaas
