// Runs the preprocessor and computes digests of the result; see preprocessed_unit.h.
#include "mkimage/reuse/preprocessed_unit.h"

#include <algorithm>
#include <filesystem>
#include <iterator>

#include "format/base/file.h"
#include "format/base/process.h"
#include "mkimage/compiler/compiler_options.h"
#include "mkimage/compiler/compiler_run.h"
#include "mkimage/reuse/isa_macros.h"
#include "mkimage/reuse/isa_options.h"
#include "mkimage/reuse/key_hash.h"
#include "mkimage/reuse/preprocessed_text.h"

namespace xaas {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kKeyVersion = "xaas capture cache 5";

// Whether there is a precompiled header that the compiler would take instead of the header that the option names.
bool has_precompiled(const CommandPart& part) {
  if (part.option == nullptr || part.option->name != "-include") return false;
  std::error_code ignored;
  return fs::exists(part.value + ".pch", ignored) || fs::exists(part.value + ".gch", ignored);
}

// Whether the input is preprocessed already. The preprocessor leaves such input alone.
bool is_preprocessed(const CommandPart& part) {
  if (part.is_input) return part.value.ends_with(".i") || part.value.ends_with(".ii");
  return part.option != nullptr && part.option->effect == OptionEffect::language && part.value.ends_with("-output");
}

// -Wp,-DX=1 means -DX=1. Other forms of -Wp name files.
bool is_unknown_to_preprocessor(std::string_view argument) {
  return argument.starts_with("-Wp,") && !argument.starts_with("-Wp,-D") && !argument.starts_with("-Wp,-U");
}

bool tells_all(const Compilation& compilation) {
  const CompilerCommand& command = compilation.command;
  if (command.mode != CommandMode::compile || command.inputs.size() != 1) return false;
  return std::ranges::none_of(command_parts(compilation.arguments), [&](const CommandPart& part) {
    const std::string_view argument = compilation.arguments[part.first];
    if (is_preprocessed(part)) return true;
    if (part.is_input) return argument.starts_with('@');  // a response file, with options in it
    return part.has(option_flags::other_files) || has_precompiled(part) || is_unknown_to_preprocessor(argument);
  });
}

// The same command, changed to write the preprocessed text to standard output.
std::vector<std::string> preprocessing_arguments(const CaptureEnvironment& environment,
                                                 const Compilation& compilation) {
  std::vector<std::string> arguments =
      filter_parts(capturing_arguments(environment, compilation, {}),
                   [](const CommandPart& part, std::string_view) { return !part.has(option_flags::names_output); });
  arguments.insert(arguments.begin(), {compilation.compiler, "-E"});
  return arguments;
}

bool has_debug_info(const std::vector<std::string>& options) {
  bool has = false;
  for (const std::string& option : options) {
    if (option.starts_with("--debug")) has = true;
    if (option.starts_with("-g") && !option.starts_with("-gcc")) has = option != "-g0";
  }
  return has;
}

// The options without those for the preprocessor and those that name outputs; without the source as well.
std::vector<std::string> compiling_options(const std::vector<std::string>& arguments) {
  return filter_parts(arguments, [](const CommandPart& part, std::string_view) {
    return !part.is_input && !part.has(option_flags::names_output | option_flags::preprocessing);
  });
}

// The source's name without its directory. The compiler takes the language from its ending and writes it into the
// object.
std::string file_name(const Compilation& compilation) {
  return fs::path(compilation.command.inputs.front().path).filename().string();
}

// Options that make the preprocessor write into `file` the dependencies that the compiler would write.
std::vector<std::string> dependency_options(const Compilation& compilation, const std::string& file) {
  std::vector<std::string> options = filter_parts(compilation.arguments, [](const CommandPart& part, std::string_view) {
    return part.has(option_flags::dependency_rule);
  });
  const bool names_target = std::ranges::any_of(
      options, [](const std::string& option) { return option.starts_with("-MT") || option.starts_with("-MQ"); });
  if (!names_target) {
    options.insert(options.end(), {"-MQ", object_of(compilation, compilation.command.inputs.front()).string()});
  }
  options.insert(options.end(), {"-MF", file});
  return options;
}

// A name in the form that rules of make need.
std::string escaped_for_make(std::string_view name) {
  std::string result;
  for (const char c : name) {
    if (c == ' ' || c == '#') result += '\\';
    if (c == '$') result += '$';
    result += c;
  }
  return result;
}

// A rule of make without the prerequisite `file`; unchanged if `file` is empty.
std::string without_prerequisite(std::string rule, const fs::path& file) {
  if (file.empty()) return rule;
  const std::string name = escaped_for_make(file.string());
  for (const std::string& form : {"\n" + name + ":", " " + name}) {
    if (const std::size_t at = rule.find(form); at != std::string::npos) rule.erase(at, form.size());
  }
  return rule;
}

// Whether one of the unit's files asks for functions of the CPU. Files of the system do not count.
bool files_ask_for_cpu(const std::vector<std::string>& files) {
  std::vector<fs::path> own_files;
  std::ranges::copy_if(files, std::back_inserter(own_files), [](std::string_view file) {
    return file.find(kCompilerHeaders) == std::string_view::npos && !file.starts_with("/usr/");
  });
  return ask_for_cpu_builtins(own_files);
}

}  // namespace

std::optional<PreprocessedUnit> PreprocessedUnit::run_with(const CaptureEnvironment& environment,
                                                           const Compilation& compilation, const fs::path& header,
                                                           std::string& messages) {
  const StoreFile dependencies(environment.store(), ".d");
  std::vector<std::string> arguments = preprocessing_arguments(environment, compilation);
  const auto add = [&](const std::vector<std::string>& options) {
    arguments.insert(arguments.begin() + 2, options.begin(), options.end());
  };
  const bool wants_dependencies = dependency_file(compilation).has_value();
  if (wants_dependencies) add(dependency_options(compilation, dependencies.path().string()));
  // The first error tells enough, so the preprocessor may stop there.
  if (!header.empty()) add({"-imacros", header.string(), "-ferror-limit=1"});
  const auto preprocessed = run_and_read(arguments, std::nullopt);
  PreprocessedUnit unit;
  if (wants_dependencies) {
    auto rule = read_file(dependencies.path());
    if (rule) unit.dependencies_ = without_prerequisite(std::move(*rule), header);
  }
  if (preprocessed) messages = preprocessed->error;
  if (!preprocessed || !preprocessed->status.ok() || preprocessed->output.empty()) return std::nullopt;
  if (wants_dependencies && !unit.dependencies_) return std::nullopt;
  unit.text_ = without_markers_of(preprocessed->output, header.native());
  if (reads_files(unit.text_)) return std::nullopt;
  unit.is_silent_ = preprocessed->error.empty();
  unit.headers_ = headers_of(preprocessed->output);
  std::erase(unit.headers_, header.string());
  if (has_debug_info(compilation.arguments) || asks_for_places(unit.text_)) {
    unit.tokens_ = Digest::of(unit.text_);
  } else {
    unit.tokens_ = Digest::of(without_places(unit.text_));
    unit.places_ = places_of(unit.text_);
  }
  return unit;
}

std::optional<PreprocessedUnit> PreprocessedUnit::run(const CaptureEnvironment& environment,
                                                      const Compilation& compilation) {
  if (!tells_all(compilation)) return std::nullopt;
  std::string messages;
  std::optional<IsaMacroGuard> before;
  const std::vector<Compilation> lesser =
      environment.shares_units ? with_less_isa(compilation) : std::vector<Compilation>();
  for (const Compilation& candidate : lesser) {
    const auto guard = isa_macro_guard(environment, compilation, candidate);
    if (!guard || guard->is_evaded_by(compilation.arguments)) continue;
    if (before && !before->stopped_at_other_than(*guard, messages)) break;
    if (auto unit = run_with(environment, compilation, guard->header, messages)) {
      std::vector<std::string> files = unit->headers_;
      files.push_back(compilation.command.inputs.front().path);
      if (!is_decided_by_cpu(unit->text_) && !files_ask_for_cpu(files)) unit->same_with_less_isa_ = candidate;
      return unit;
    }
    before = guard;
  }
  return run_with(environment, compilation, {}, messages);
}

PreprocessedUnit::Keys PreprocessedUnit::keys(const CaptureEnvironment& environment,
                                              const Compilation& compilation) const {
  const auto start = [&] {
    KeyHash hash;
    hash.add(kKeyVersion);
    hash.add_program(compilation.compiler);
    hash.add_program(environment.movable ? environment.prefix_pass : fs::path());
    hash.add(environment.prefix.string());
    hash.add_program(environment.asks_plugin);
    hash.add_all(environment.levels);
    hash.add(file_name(compilation));
    return hash;
  };
  const std::vector<std::string> all = capturing_arguments(environment, compilation, {});
  std::error_code error;
  const std::string directory = fs::current_path(error).string();
  const bool names_directory = has_debug_info(compilation.arguments);
  KeyHash verbose = start();
  verbose.add(directory);
  verbose.add_all(all);
  verbose.add(tokens_.to_string());
  verbose.add(places_);
  KeyHash silent = start();
  silent.add(names_directory ? directory : "");
  silent.add_all(compiling_options(all));
  silent.add(tokens_.to_string());
  // Debug information has digests of the files, and these include comments.
  if (names_directory) {
    for (KeyHash* hash : {&verbose, &silent}) {
      hash->add_file(compilation.command.inputs.front().path);
      for (const std::string& header : headers_) hash->add_file(header);
    }
  }
  const Digest key = verbose.finish();
  return {is_silent_ ? silent.finish() : key, key};
}

UnitIdentity PreprocessedUnit::identity(const CaptureEnvironment& environment, const Compilation& compilation) const {
  UnitIdentity identity;
  KeyHash command;
  for (const std::string& argument : compilation.arguments) command.add(environment.without_directories(argument));
  identity.command = command.finish();
  identity.text = tokens_;
  KeyHash options;
  for (const std::string& option : compiling_options(compilation.arguments)) {
    if (!is_isa_option(option) && !option.starts_with("-W") && option != "-w") options.add(option);
  }
  identity.options = options.finish();
  return identity;
}

std::optional<fs::path> dependency_file(const Compilation& compilation) {
  bool is_asked_for = false;
  std::optional<fs::path> named;
  for (const CommandPart& part : command_parts(compilation.arguments)) {
    const std::string& argument = compilation.arguments[part.first];
    if (part.is_input) continue;
    if (argument == "-MD" || argument == "-MMD") is_asked_for = true;
    if (part.option != nullptr && part.option->name == "-MF") named = part.value;
  }
  if (!is_asked_for) return std::nullopt;
  return named ? *named : fs::path(object_of(compilation, compilation.command.inputs.front())).replace_extension(".d");
}

}  // namespace xaas
