// Compiling with bitcode beside the code, and recording the units; see compile_capture.h.
#include "mkimage/compile_capture.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <optional>

#include "format/file.h"
#include "mkimage/elf_file.h"
#include "mkimage/mapped_file.h"
#include "mkimage/process.h"

namespace xaas {
namespace {

std::vector<std::string> with_compiler(const Compilation& compilation, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), compilation.compiler);
  return arguments;
}

int run_untouched(const Compilation& compilation, Variables variables) {
  const auto status = run_program(with_compiler(compilation, compilation.arguments), std::move(variables));
  return status ? status->shell_code() : 1;
}

std::filesystem::path object_of(const Compilation& compilation, const CompilerInput& input) {
  if (compilation.command.output) return *compilation.command.output;
  return std::filesystem::path(input.path).stem().string() + ".o";
}

void record_objects(const CaptureEnvironment& environment, const Compilation& compilation,
                    const std::vector<std::string>& headers) {
  for (const CompilerInput& input : compilation.command.inputs) {
    if (input.kind == InputKind::linker_input) continue;
    const std::filesystem::path path = object_of(compilation, input);
    if (!std::filesystem::is_regular_file(path)) continue;  // -o /dev/null
    const auto object = MappedFile::open(path);
    if (object) record_unit(environment, compilation, input.path, object->bytes(), headers);
  }
}

}  // namespace

HeaderList::HeaderList(const CaptureStore& store) : path_(store.temporary_path(".headers")) {}

HeaderList::~HeaderList() {
  std::error_code ignored;
  std::filesystem::remove(path_, ignored);
}

Variables HeaderList::variables() const {
  return {{"CC_PRINT_HEADERS", "1"}, {"CC_PRINT_HEADERS_FILE", path_.string()}};
}

std::vector<std::string> HeaderList::read() const {
  std::vector<std::string> headers;
  const auto text = read_file(path_);
  if (!text) return headers;
  std::string_view rest = *text;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    if (std::ranges::find(headers, line) == headers.end()) headers.emplace_back(line);
  }
  return headers;
}

TentativeRun::TentativeRun(std::vector<std::string> arguments, Variables variables) {
  auto output = run_and_read(std::move(arguments), {}, std::move(variables));
  if (!output) return;
  ok_ = output->status.ok();
  output_ = std::move(output->output);
  messages_ = std::move(output->error);
}

void TentativeRun::pass_on_output() const {
  static_cast<void>(write_all(STDOUT_FILENO, output_));
  static_cast<void>(write_all(STDERR_FILENO, messages_));
}

std::string TentativeRun::first_message() const {
  const std::size_t error = messages_.find("error:");
  const std::string_view text = std::string_view(messages_).substr(error == std::string::npos ? 0 : error);
  return std::string(text.substr(0, text.find('\n')));
}

std::vector<std::string> capturing_arguments(const CaptureEnvironment& environment, const Compilation& compilation,
                                             const std::vector<std::string>& extra) {
  // One module a unit: what needs whole-program LTO would split it.
  std::vector<std::string> ours = {"-flto=thin", "-ffat-lto-objects", "-fno-whole-program-vtables",
                                   "-fno-split-lto-unit"};
  // Without a CPU in the IR, lowering for the host equals compiling for it. A CPU that the project names must stay
  // here: its intrinsics need it; canonicalising drops it.
  if (!compilation.command.names_cpu) ours.insert(ours.end(), {"-Xclang", "-target-cpu", "-Xclang", ""});
  ours.push_back("-mtune=");
  ours.insert(ours.end(), extra.begin(), extra.end());

  // The maps come first, so that the project's own win; the rest last, but before what can only be inputs.
  std::vector<std::string> arguments = environment.prefix_maps();
  arguments.insert(arguments.end(), compilation.arguments.begin(), compilation.arguments.end());
  arguments.insert(std::ranges::find(arguments, "--"), ours.begin(), ours.end());
  return arguments;
}

void record_unit(const CaptureEnvironment& environment, const Compilation& compilation, const std::string& source,
                 std::string_view object, const std::vector<std::string>& headers) {
  UnitRecord record;
  record.object = Digest::of(object);
  record.reason = compilation.command.reason;
  record.source = source;
  std::error_code ignored;
  record.directory = std::filesystem::current_path(ignored).string();
  record.machine_options = compilation.command.machine_options;
  record.headers = headers;
  std::optional<std::string_view> bitcode;
  if (record.reason.empty()) {
    const auto elf = ElfFile::parse(object);
    const ElfSection* section = elf ? elf->find_section(kBitcodeSection) : nullptr;
    if (section != nullptr) bitcode = section->data;
    if (!bitcode) record.reason = "the compiler wrote no bitcode";
  }
  const CaptureStore store = environment.store();
  if (auto status = store.add_unit(record, bitcode); !status) {
    store.note(fmt::format("{}: not captured: {}", source, status.error().message));
  }
}

int compile_and_capture(const CaptureEnvironment& environment, const Compilation& compilation) {
  const HeaderList headers(environment.store());
  const bool wants_bitcode =
      compilation.command.mode == CommandMode::compile || compilation.command.mode == CommandMode::precompile;
  Compilation recorded = compilation;
  int code = 0;
  if (wants_bitcode) {
    const TentativeRun run(with_compiler(compilation, capturing_arguments(environment, compilation, {})),
                           headers.variables());
    if (run.ok()) {
      run.pass_on_output();
    } else {
      recorded.command.reason = fmt::format("does not compile with bitcode ({})", run.first_message());
      code = run_untouched(compilation, {});
    }
  } else {
    code = run_untouched(compilation, headers.variables());
  }
  if (code == 0 && compilation.command.mode != CommandMode::precompile) {
    record_objects(environment, recorded, headers.read());
  }
  return code;
}

}  // namespace xaas
