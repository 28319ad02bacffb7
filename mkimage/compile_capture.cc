// Compiling with bitcode beside the code, and recording the units; see compile_capture.h.
#include "mkimage/compile_capture.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>

#include "format/elf_file.h"
#include "format/file.h"
#include "format/mapped_file.h"
#include "mkimage/isa_options.h"
#include "mkimage/kept_pipes.h"
#include "mkimage/linker_command.h"
#include "mkimage/preprocessed_unit.h"
#include "mkimage/process.h"
#include "mkimage/split.h"

namespace xaas {
namespace {

std::vector<std::string> with_compiler(const Compilation& compilation, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), compilation.compiler);
  return arguments;
}

// Each object of the command; `unit` has what they have in common.
void record_objects(const CaptureEnvironment& environment, const Compilation& compilation, CompiledUnit unit) {
  for (const CompilerInput& input : compilation.command.inputs) {
    if (input.kind == InputKind::linker_input) continue;
    unit.source = input.path;
    unit.target = object_of(compilation, input).string();
    if (compilation.command.mode == CommandMode::precompile) {
      record_unit(environment, compilation, unit);
      continue;
    }
    const std::filesystem::path path = object_of(compilation, input);
    if (!std::filesystem::is_regular_file(path)) continue;  // -o /dev/null
    const auto object = MappedFile::open(path);
    if (!object) continue;
    unit.object = object->bytes();
    unit.bitcode = embedded_bitcode(unit.object);
    record_unit(environment, compilation, unit);
  }
}

// The message about the error, or the first one.
std::string first_error(std::string_view messages) {
  const std::size_t error = messages.find("error:");
  const std::string_view text = messages.substr(error == std::string_view::npos ? 0 : error);
  return std::string(text.substr(0, text.find('\n')));
}

// A compile that may not work out.
struct Attempt {
  bool works = false;
  bool is_shared = false;  // it was not compiled again
  std::string refusal;     // the compiler's first message, where it does not work
};

// Also writes the list of headers, where one was asked for.
Status replay_unit(const Compilation& compilation, const CompileResult& result, const PreprocessedUnit& unit) {
  if (unit.dependencies()) XAAS_TRY(replace_file(*dependency_file(compilation), *unit.dependencies()));
  return replay(compilation, result);
}

// Whether the first error has a place in a file: others, such as those of a full disk, need not happen again.
bool is_about_source(std::string_view messages) {
  constexpr std::string_view kError = ": error:";
  const std::size_t error = messages.find("error:");
  if (error == std::string_view::npos || error < 2) return false;
  const std::size_t start = error - 2;
  return messages.substr(start, kError.size()) == kError && start > 0 && messages[start - 1] >= '0' &&
         messages[start - 1] <= '9';
}

// Configuring asks what the compiler can do, and all answers are to be of one compiler.
bool is_part_of_probe(const Compilation& compilation) {
  if (compilation.command.output && is_probe(*compilation.command.output)) return true;
  return std::ranges::any_of(compilation.command.inputs,
                             [](const CompilerInput& input) { return is_probe(input.path); });
}

// Whether clang refuses the command because of an option that it does not know.
bool is_about_options(std::string_view messages) {
  constexpr auto kRefusals = std::to_array<std::string_view>(
      {"error: unknown argument", "error: unsupported argument", "error: unsupported option"});
  return std::ranges::any_of(kRefusals,
                             [&](std::string_view refusal) { return messages.find(refusal) != messages.npos; });
}

// Keeps what a compile left behind. The next one costs more without it, and nothing else.
Status keep(const CaptureCache& cache, const PreprocessedUnit::Keys& keys, const Compilation& compilation,
            const TentativeRun& run) {
  CompileResult result{{}, run.output(), run.messages(), !run.ok()};
  if (result.is_refusal) return is_about_source(run.messages()) ? cache.add(keys.verbose, result) : Status();
  const std::filesystem::path object = object_of(compilation, compilation.command.inputs.front());
  if (!std::filesystem::is_regular_file(object)) return {};  // -o /dev/null
  XAAS_ASSIGN(result.object, read_file(object));
  const bool is_silent = result.output.empty() && result.messages.empty();
  return cache.add(is_silent ? keys.silent : keys.verbose, result);
}

// Compiles with bitcode.
Attempt compile_with_bitcode(const CaptureEnvironment& environment, const Compilation& compilation,
                             const Variables& variables, TentativeRun& run) {
  run = TentativeRun(with_compiler(compilation, capturing_arguments(environment, compilation, {})), variables);
  if (run.ok()) run.pass_on_output();
  return {run.ok(), false, run.ok() ? std::string() : run.first_message()};
}

// The same, but for what was compiled before.
Attempt find_or_compile(const CaptureEnvironment& environment, const Compilation& compilation,
                        const PreprocessedUnit& unit) {
  const CaptureCache cache(environment.cache);
  const PreprocessedUnit::Keys keys = unit.keys(environment, compilation);
  auto earlier = cache.find(keys.silent);
  if (!earlier) earlier = cache.find(keys.verbose);
  if (earlier && earlier->is_refusal) return {false, true, first_error(earlier->messages)};
  if (earlier && replay_unit(compilation, *earlier, unit)) return {true, true, {}};
  TentativeRun run;
  Attempt attempt = compile_with_bitcode(environment, compilation, {}, run);
  static_cast<void>(keep(cache, keys, compilation, run));
  return attempt;
}

}  // namespace

Status replace_file(const std::filesystem::path& path, std::string_view content) {
  std::error_code error;
  const auto before = std::filesystem::symlink_status(path, error);
  if (std::filesystem::is_regular_file(before)) std::filesystem::remove(path, error);
  const Fd fd(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
  if (!fd.valid()) return fail_errno(fmt::format("cannot create {}", path.string()));
  return write_all(fd.get(), content);
}

std::filesystem::path object_of(const Compilation& compilation, const CompilerInput& input) {
  if (compilation.command.output) return *compilation.command.output;
  return std::filesystem::path(input.path).stem().string() + ".o";
}

Status replay(const Compilation& compilation, const CompileResult& result) {
  XAAS_TRY(replace_file(object_of(compilation, compilation.command.inputs.front()), result.object));
  static_cast<void>(write_all(STDOUT_FILENO, result.output));
  static_cast<void>(write_all(STDERR_FILENO, result.messages));
  return {};
}

HeaderList::HeaderList(const CaptureStore& store) : path_(store.temporary_path(".headers")) {}

HeaderList::~HeaderList() {
  std::error_code ignored;
  std::filesystem::remove(path_, ignored);
}

Variables HeaderList::variables() const {
  return {{"CC_PRINT_HEADERS", "1"}, {"CC_PRINT_HEADERS_FILE", path_.string()}};
}

std::vector<std::string> HeaderList::read() const { return read_header_list(path_); }

std::vector<std::string> read_header_list(const std::filesystem::path& path) {
  std::vector<std::string> headers;
  const auto text = read_file(path);
  if (!text) return headers;
  for (const std::string_view line : split(*text, '\n')) {
    if (std::ranges::find(headers, line) == headers.end()) headers.emplace_back(line);
  }
  return headers;
}

TentativeRun::TentativeRun(std::vector<std::string> arguments, Variables variables) {
  auto output = run_and_read(std::move(arguments), std::nullopt, std::move(variables));
  if (!output) return;
  code_ = output->status.shell_code();
  output_ = std::move(output->output);
  messages_ = std::move(output->error);
}

void TentativeRun::pass_on_output() const {
  static_cast<void>(write_all(STDOUT_FILENO, output_));
  static_cast<void>(write_all(STDERR_FILENO, messages_));
}

std::string TentativeRun::first_message() const { return first_error(messages_); }

std::vector<std::string> capturing_arguments(const CaptureEnvironment& environment, const Compilation& compilation,
                                             const std::vector<std::string>& extra) {
  // One module a unit: what needs whole-program LTO would split it.
  std::vector<std::string> ours = {"-flto=thin", "-ffat-lto-objects", "-fno-whole-program-vtables",
                                   "-fno-split-lto-unit"};
  // Without a CPU in the IR, lowering for the host equals compiling for it. A CPU that the project names must stay
  // here: its intrinsics need it; canonicalising drops it.
  if (!compilation.command.names_cpu) ours.insert(ours.end(), {"-Xclang", "-target-cpu", "-Xclang", ""});
  ours.push_back("-mtune=");
  if (environment.movable) ours.push_back("-fpass-plugin=" + environment.prefix_pass.string());
  ours.insert(ours.end(), extra.begin(), extra.end());

  // The maps come first, so that the project's own win; the rest last, but before what can only be inputs.
  std::vector<std::string> arguments = environment.prefix_maps();
  arguments.insert(arguments.end(), compilation.arguments.begin(), compilation.arguments.end());
  arguments.insert(std::ranges::find(arguments, "--"), ours.begin(), ours.end());
  return arguments;
}

std::optional<std::string_view> embedded_bitcode(std::string_view object) {
  const auto elf = ElfFile::parse(object);
  const ElfSection* section = elf ? elf->find_section(kBitcodeSection) : nullptr;
  return section == nullptr ? std::nullopt : std::optional(section->data);
}

void record_unit(const CaptureEnvironment& environment, const Compilation& compilation, const CompiledUnit& unit) {
  UnitRecord record;
  record.object = Digest::of(unit.object);
  record.reason = compilation.command.reason;
  record.compiler = compilation.compiler;
  record.source = unit.source;
  std::error_code ignored;
  const std::filesystem::path directory = std::filesystem::current_path(ignored);
  record.target = environment.without_directories((directory / unit.target).lexically_normal().string());
  record.directory = directory.string();
  record.machine_options = compilation.command.machine_options;
  record.asked_machine_options = compilation.command.asked_machine_options;
  record.sections = compilation.command.sections;
  record.headers = unit.headers;
  record.identity = unit.identity;
  record.is_shared = unit.is_shared;
  if (record.reason.empty() && !unit.bitcode) record.reason = "the compiler wrote no bitcode";
  const CaptureStore store = environment.store();
  if (auto status = store.add_unit(record, record.reason.empty() ? unit.bitcode : std::nullopt); !status) {
    store.note(fmt::format("{}: not captured: {}", unit.source, status.error().message));
  }
}

std::string does_not_compile(const std::string& message) {
  return fmt::format("does not compile with clang ({})", message);
}

std::string does_not_compile_to_bitcode(const std::string& message) {
  return fmt::format("does not compile with bitcode ({})", message);
}

PlainRun run_as_asked(const Compilation& compilation, Variables variables,
                      const std::function<Variables(const std::string& refusal)>& again) {
  const std::vector<std::string> arguments = with_compiler(compilation, compilation.arguments);
  if (compilation.fallback.empty()) {
    const auto status = run_program(arguments, std::move(variables));
    return {status ? status->shell_code() : 1, std::nullopt};
  }
  const InputStart input;
  const TentativeRun run(arguments, std::move(variables));
  if (run.ok() || (is_part_of_probe(compilation) && is_about_options(run.messages()))) {
    run.pass_on_output();
    return {run.code(), std::nullopt};
  }
  input.rewind();
  std::vector<std::string> fallback = compilation.fallback_arguments;
  fallback.insert(fallback.begin(), compilation.fallback);
  const auto status = run_program(std::move(fallback), again ? again(run.first_message()) : Variables());
  return {status ? status->shell_code() : 1, run.first_message()};
}

std::vector<Compilation> with_less_isa(const Compilation& compilation) {
  std::vector<Compilation> results;
  for (std::vector<std::string>& arguments : with_less_isa_options(compilation.arguments)) {
    Compilation result = compilation;
    result.arguments = std::move(arguments);
    result.command = parse_compiler_command(result.arguments, compilation.role);
    result.command.asked_machine_options = compilation.command.asked_machine_options;
    results.push_back(std::move(result));
  }
  return results;
}

int compile_and_capture(const CaptureEnvironment& environment, const Compilation& compilation) {
  const bool wants_bitcode =
      compilation.command.mode == CommandMode::compile || compilation.command.mode == CommandMode::precompile;
  Compilation recorded = compilation;
  Attempt attempt;
  std::optional<PreprocessedUnit> unit;
  if (wants_bitcode && !environment.cache.empty()) unit = PreprocessedUnit::run(environment, compilation);
  if (unit) {
    if (unit->same_with_less_isa()) {
      recorded = *unit->same_with_less_isa();
      attempt = find_or_compile(environment, recorded, *unit);
    }
    if (!attempt.works) {
      recorded = compilation;
      attempt = find_or_compile(environment, compilation, *unit);
    }
  }
  const HeaderList headers(environment.store());
  if (wants_bitcode && !unit) {
    TentativeRun run;
    attempt = compile_with_bitcode(environment, compilation, headers.variables(), run);
  }
  if (wants_bitcode && !attempt.works) recorded.command.reason = does_not_compile_to_bitcode(attempt.refusal);
  PlainRun plain;
  if (!attempt.works) plain = run_as_asked(compilation, wants_bitcode ? Variables() : headers.variables());
  if (plain.refusal) recorded.command.reason = does_not_compile(*plain.refusal);
  if (compilation.command.mode == CommandMode::precompile) recorded.command.reason = kPrecompiledHeader;
  if (plain.code != 0) return plain.code;

  CompiledUnit result;
  result.headers = unit ? unit->headers() : headers.read();
  if (unit) result.identity = unit->identity(environment, compilation);
  result.is_shared = attempt.is_shared;
  record_objects(environment, recorded, result);
  return 0;
}

}  // namespace xaas
