// Starts compilers and reads what they leave; see compiler_run.h.
#include "mkimage/compiler/compiler_run.h"

#include <fcntl.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "format/base/file.h"
#include "format/base/split.h"
#include "mkimage/compiler/compiler_options.h"
#include "mkimage/compiler/kept_pipes.h"
#include "mkimage/compiler/response_file.h"

namespace xaas {
namespace {

// Whether the command belongs to a probe. A configure step asks what the compiler can do, and all answers must come
// from one compiler.
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

// What changes the meaning of a program, and what clang leaves out with a warning where GCC does it.
constexpr auto kAttributesOfGcc =
    std::to_array<std::string_view>({"no_reorder", "optimize", "scalar_storage_order", "symver"});
constexpr auto kOptionsOfGcc =
    std::to_array<std::string_view>({"-fkeep-inline-functions", "-fno-unit-at-a-time", "-fsingle-precision-constant"});
// Options that clang leaves out without a word if it is to give no warnings, or by which it writes and reads other
// files than GCC does.
constexpr auto kOwnOptionsOfGcc = std::to_array<std::string_view>(
    {"-fnon-call-exceptions", "-fprofile-generate", "-fprofile-use", "-funsigned-bitfields"});

// The first message by which clang says that it leaves such a thing out; empty if there is none.
std::string_view left_out(std::string_view messages) {
  for (const std::string_view line : split(messages, '\n')) {
    const auto says = [&](std::string_view start, std::string_view name, std::string_view end) {
      return line.find(fmt::format("{}'{}'{}", start, name, end)) != line.npos;
    };
    const auto says_attribute = [&](std::string_view name) {
      constexpr std::string_view kStart = "unknown attribute ";
      return says(kStart, name, " ignored") || says(kStart, fmt::format("__{}__", name), " ignored");
    };
    const auto says_option = [&](std::string_view name) {
      return says("optimization flag ", name, " is not supported") || says("does not support ", name, "");
    };
    if (std::ranges::any_of(kAttributesOfGcc, says_attribute)) return line;
    if (std::ranges::any_of(kOptionsOfGcc, says_option)) return line;
  }
  return {};
}

// Whether the arguments have the option, and no "-fno-" behind it takes it back.
bool has_option(const std::vector<std::string>& arguments, std::string_view option) {
  const std::string negative = "-fno-" + std::string(option.substr(2));
  bool has = false;
  for (const std::string_view argument : arguments) {
    if (argument == negative) has = false;
    if (argument.substr(0, argument.find('=')) == option) has = true;
  }
  return has;
}

// The same for what clang does not say.
std::string left_out_silently(const Compilation& compilation) {
  const auto is_source = [](const CompilerInput& input) { return input.kind == InputKind::source; };
  if (std::ranges::none_of(compilation.command.inputs, is_source)) return {};
  const std::vector<std::string> arguments = expand_response_files(compilation.arguments);
  const auto* found =
      std::ranges::find_if(kOwnOptionsOfGcc, [&](std::string_view option) { return has_option(arguments, option); });
  return found == kOwnOptionsOfGcc.end() ? std::string()
                                         : fmt::format("clang and GCC do not mean the same by {}", *found);
}

// Whether the last resort may be tried. The answers to probes must all come from one compiler, and a project that turns
// warnings into errors wants them from that one, too.
bool may_need_other(const Compilation& compilation, const TentativeRun& run) {
  const auto is_strict = [](const std::string& argument) { return argument.starts_with("-Werror"); };
  const auto is_temporary = [](const CompilerInput& input) {
    const std::string directory = environment_variable("TMPDIR");
    return is_probe(input.path) || input.path.starts_with("/dev/") ||
           (!directory.empty() && input.path.starts_with(directory));
  };
  return is_about_source(run.messages()) && std::ranges::none_of(compilation.arguments, is_strict) &&
         !is_part_of_probe(compilation) && std::ranges::none_of(compilation.command.inputs, is_temporary);
}

// run_as_asked() for a compilation with a last resort.
PlainRun run_with_last_resort(const Compilation& compilation, const Variables& variables,
                              const std::function<Variables(const std::string& refusal)>& again) {
  const TentativeRun run(compilation, compilation.arguments, variables);
  if (!run.ok() && may_need_other(compilation, run)) {
    std::vector<std::string> arguments = compilation.fallback_arguments;
    arguments.insert(arguments.begin(), compilation.last_resort);
    const TentativeRun other(std::move(arguments), again ? again(run.first_message()) : Variables());
    if (other.ok()) {
      other.pass_on_output();
      return {0, run.first_message()};
    }
  }
  run.pass_on_output();
  return {run.code(), std::nullopt};
}

}  // namespace

PlainRun run_as_asked(const Compilation& compilation, Variables variables,
                      const std::function<Variables(const std::string& refusal)>& again) {
  const std::vector<std::string> arguments = command_line(compilation, compilation.arguments);
  if (!compilation.last_resort.empty()) return run_with_last_resort(compilation, variables, again);
  if (compilation.fallback.empty()) {
    const auto status = run_program(arguments, std::move(variables));
    return {status ? status->shell_code() : 1, std::nullopt};
  }
  const InputStart input;
  const TentativeRun run(compilation, compilation.arguments, std::move(variables));
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

TentativeRun::TentativeRun(std::vector<std::string> arguments, Variables variables) {
  auto output = run_and_read(std::move(arguments), std::nullopt, std::move(variables));
  if (!output) return;
  code_ = output->status.shell_code();
  output_ = std::move(output->output);
  messages_ = std::move(output->error);
}

TentativeRun::TentativeRun(const Compilation& compilation, std::vector<std::string> arguments, Variables variables)
    : TentativeRun(command_line(compilation, std::move(arguments)), std::move(variables)) {
  if (compilation.fallback.empty()) return;
  left_out_ = left_out(messages_);
  if (left_out_.empty()) left_out_ = left_out_silently(compilation);
}

void TentativeRun::pass_on_output() const {
  static_cast<void>(write_all(STDOUT_FILENO, output_));
  static_cast<void>(write_all(STDERR_FILENO, messages_));
}

std::string TentativeRun::first_message() const { return left_out_.empty() ? first_error(messages_) : left_out_; }

bool is_about_source(std::string_view messages) {
  const std::size_t error = messages.find("error:");
  if (error == std::string_view::npos) return false;
  std::string_view place = messages.substr(0, error);
  if (!place.ends_with(": ")) return false;
  place.remove_suffix(2);
  place = place.substr(place.rfind('\n') + 1);
  // The name of a command, which stands there for other errors, may end with a number, too, but not behind a colon.
  const std::size_t colon = place.find_last_not_of("0123456789");
  return colon != std::string_view::npos && colon > 0 && colon + 1 < place.size() && place[colon] == ':';
}

std::string first_error(std::string_view messages) {
  const std::size_t error = messages.find("error:");
  const std::string_view text = messages.substr(error == std::string_view::npos ? 0 : error);
  return std::string(text.substr(0, text.find('\n')));
}

HeaderList::HeaderList(const CaptureStore& store, const std::vector<std::string>& arguments) : HeaderList(store) {
  const std::vector<std::string> expanded = expand_response_files(arguments);
  for (const CommandPart& part : command_parts(expanded)) {
    if (part.option == nullptr) continue;
    if (part.option->name == "-MD" || part.option->name == "-Wp,-MD") has_own_only_ = false;
    if (part.option->name == "-MMD" || part.option->name == "-Wp,-MMD") has_own_only_ = true;
  }
}

std::vector<std::string> HeaderList::arguments() const {
  if (!has_own_only_) return {};
  return {"-Xclang", "-header-include-file", "-Xclang", path().string()};
}

Variables HeaderList::variables() const {
  if (has_own_only_) return {};
  return {{"CC_PRINT_HEADERS", "1"}, {"CC_PRINT_HEADERS_FILE", path().string()}};
}

std::vector<std::string> HeaderList::read() const { return read_header_list(path()); }

std::vector<std::string> read_header_list(const std::filesystem::path& path) {
  std::vector<std::string> headers;
  const auto text = read_file(path);
  if (!text) return headers;
  for (const std::string_view line : split(*text, '\n')) {
    if (std::ranges::find(headers, line) == headers.end()) headers.emplace_back(line);
  }
  return headers;
}

std::optional<Ask> parse_ask(std::string_view line) {
  const std::size_t space = line.find(' ');
  if (space == std::string_view::npos || space < 2) return std::nullopt;
  return Ask{std::string(line.substr(1, space - 1)), line.front() == '+', std::string(line.substr(space + 1))};
}

std::vector<Ask> read_asks(const std::filesystem::path& path) {
  std::vector<Ask> asks;
  const auto text = read_file(path);
  if (!text) return asks;
  for (const std::string_view line : split(*text, '\n')) {
    if (auto ask = parse_ask(line)) asks.push_back(std::move(*ask));
  }
  return asks;
}

std::vector<std::string> AskList::arguments() const {
  if (environment_.asks_plugin.empty()) return {};
  return {"-fplugin=" + environment_.asks_plugin.string()};
}

Variables AskList::variables() const {
  return {{"XAAS_ASKS_FILE", file_.path().string()},
          {"XAAS_ASKS_CPUS", fmt::format("{}", fmt::join(environment_.levels, ","))}};
}

Status replace_file(const std::filesystem::path& path, std::string_view content) {
  std::error_code error;
  const auto before = std::filesystem::symlink_status(path, error);
  if (std::filesystem::is_regular_file(before)) std::filesystem::remove(path, error);
  const Fd fd(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
  if (!fd.valid()) return fail_errno(fmt::format("cannot create {}", path.string()));
  return write_all(fd.get(), content);
}

}  // namespace xaas
