// Preprocessing, and digests of what comes of it; see preprocessed_unit.h.
#include "mkimage/preprocessed_unit.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <functional>
#include <iterator>

#include "format/file.h"
#include "mkimage/isa_macros.h"
#include "mkimage/isa_options.h"
#include "mkimage/key_hash.h"
#include "mkimage/process.h"
#include "mkimage/split.h"

namespace xaas {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kKeyVersion = "xaas capture cache 2";

// Options by which a compiler reads or writes files that neither the preprocessed text nor an entry tells of. By the
// beginning of their names.
constexpr auto kNotCached = std::to_array<std::string_view>({"--config",
                                                             "--serialize-diagnostics",
                                                             "-MJ",
                                                             "-Xarch",
                                                             "-Xclang",
                                                             "-Xpreproc",
                                                             "-dependency-",
                                                             "-dumpdir",
                                                             "-fauto-",
                                                             "-fbasic-block-sections",
                                                             "-fcrash-",
                                                             "-fdebug-macro",
                                                             "-fembed-offload",
                                                             "-fmemory-",
                                                             "-fmodule",
                                                             "-foptimization-record",
                                                             "-fpass-",
                                                             "-fplugin",
                                                             "-fprebuilt-module",
                                                             "-fproc-",
                                                             "-fprofile-",
                                                             "-frandomize-layout",
                                                             "-frecord-",
                                                             "-fsanitize-coverage",
                                                             "-fsave-",
                                                             "-fstack-usage",
                                                             "-fthin-link-",
                                                             "-ftime-trace",
                                                             "-fxray-",
                                                             "-grecord-",
                                                             "-include-pch",
                                                             "-ivfsov",
                                                             "-load",
                                                             "-object-file",
                                                             "-serialize-",
                                                             "-specs",
                                                             "-working-directory"});
// Assembly in the text that reads a file.
constexpr std::array<std::string_view, 2> kReadsFile = {".incbin", ".include"};
// What the compiler answers with places in the source, or what hides what looks like one.
constexpr auto kAsksForPlace = std::to_array<std::string_view>(
    {"R\"", "__PRETTY_FUNCTION__", "__builtin_COLUMN", "__builtin_FILE", "__builtin_LINE", "__builtin_dump_struct",
     "__builtin_source_location", "annotate"});
// What the compiler decides by the CPU before there is IR, though the text does not show it: how vectors of more than
// 128 bits and numbers of 16 are handed over and computed, what a function's own target adds to, which variant OpenMP
// calls. The compiler's own headers declare vectors in any case; it matters who uses them.
constexpr auto kDecidedByCpu = std::to_array<std::string_view>({"_Float16",
                                                                "__builtin_convertvector",
                                                                "__builtin_omp_required_simd_align",
                                                                "__builtin_shufflevector",
                                                                "__bf16",
                                                                "__fp16",
                                                                "__m256",
                                                                "__m512",
                                                                "__target__",
                                                                "cpu_dispatch",
                                                                "cpu_specific",
                                                                "__v16",
                                                                "__v32",
                                                                "__v4d",
                                                                "__v64",
                                                                "__v8d",
                                                                "__v8s",
                                                                "declare variant",
                                                                "ext_vector_type",
                                                                "metadirective",
                                                                "target_clones",
                                                                "vector_size"});
constexpr std::string_view kCompilerHeaders = "/lib/clang/";
constexpr auto kBuiltIn = std::to_array<std::string_view>({"\"<built-in>\"", "\"<command line>\""});

// Options that only the preprocessor follows, with what they name: the text has it. Sorted.
constexpr auto kPreprocessing = std::to_array<std::string_view>({"--define-macro",
                                                                 "--imacros",
                                                                 "--include",
                                                                 "--include-directory",
                                                                 "--include-directory-after",
                                                                 "--undefine-macro",
                                                                 "-D",
                                                                 "-I",
                                                                 "-U",
                                                                 "-cxx-isystem",
                                                                 "-idirafter",
                                                                 "-iframework",
                                                                 "-imacros",
                                                                 "-include",
                                                                 "-iprefix",
                                                                 "-iquote",
                                                                 "-isystem",
                                                                 "-isystem-after",
                                                                 "-iwithprefix",
                                                                 "-iwithprefixbefore",
                                                                 "-iwithsysroot",
                                                                 "-stdlib++-isystem"});
// What a command makes and where. Sorted.
constexpr auto kOutputs = std::to_array<std::string_view>(
    {"--compile", "--output", "--output=", "-MD", "-MF", "-MG", "-MJ", "-MMD", "-MP", "-MQ", "-MT", "-MV", "-c", "-o"});

// Texts have megabytes, in which the first letters of these words are all over the place.
bool contains_any(std::string_view text, const auto& words) {
  return std::ranges::any_of(words, [&](std::string_view word) {
    const std::boyer_moore_horspool_searcher searcher(word.begin(), word.end());
    return std::search(text.begin(), text.end(), searcher) != text.end();
  });
}

template <typename Names>
bool is_one_of(const CommandPart& part, std::string_view argument, const Names& names) {
  return std::ranges::binary_search(names, part.option == nullptr ? argument : part.option->name);
}

// A precompiled header that the compiler would take in place of the one that is named.
bool has_precompiled(const CommandPart& part) {
  if (part.option == nullptr || part.option->name != "-include") return false;
  std::error_code ignored;
  return fs::exists(part.value + ".pch", ignored) || fs::exists(part.value + ".gch", ignored);
}

// The preprocessor does nothing with what is preprocessed already.
bool is_preprocessed(const CommandPart& part) {
  if (part.is_input) return part.value.ends_with(".i") || part.value.ends_with(".ii");
  return part.option != nullptr && part.option->effect == OptionEffect::language && part.value.ends_with("-output");
}

// -Wp,-DX=1 is -DX=1; others name files.
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
    const auto begins = [&](std::string_view name) { return argument.starts_with(name); };
    return std::ranges::any_of(kNotCached, begins) || has_precompiled(part) || is_unknown_to_preprocessor(argument);
  });
}

// The same command, but for the text on standard output.
std::vector<std::string> preprocessing_arguments(const CaptureEnvironment& environment,
                                                 const Compilation& compilation) {
  std::vector<std::string> arguments = filter_parts(capturing_arguments(environment, compilation, {}),
                                                    [](const CommandPart& part, std::string_view argument) {
                                                      return part.is_input || !is_one_of(part, argument, kOutputs);
                                                    });
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

// The options that stay when those for the preprocessor, the names of what is made and of the source are gone.
std::vector<std::string> compiling_options(const std::vector<std::string>& arguments) {
  return filter_parts(arguments, [](const CommandPart& part, std::string_view argument) {
    return !part.is_input && !is_one_of(part, argument, kOutputs) && !is_one_of(part, argument, kPreprocessing);
  });
}

// The name without its directory; the compiler takes the language from its end and writes it into the object.
std::string file_name(const Compilation& compilation) {
  return fs::path(compilation.command.inputs.front().path).filename().string();
}

bool is_marker(std::string_view line) {
  return line.size() > 2 && line[0] == '#' && line[1] == ' ' && line[2] >= '0' && line[2] <= '9';
}

// The text without that of the compiler's own headers.
std::string without_compiler_headers(std::string_view text) {
  std::string result;
  bool is_own = false;
  for (const std::string_view line : split(text, '\n')) {
    if (is_marker(line)) is_own = line.find(kCompilerHeaders) != std::string_view::npos;
    if (is_own) continue;
    result += line;
    result += '\n';
  }
  return result;
}

}  // namespace

std::optional<std::string> text_without_places(std::string_view text, const std::vector<std::string>& options) {
  if (has_debug_info(options) || contains_any(text, kAsksForPlace)) return std::nullopt;
  std::string result;
  result.reserve(text.size());
  for (const std::string_view line : split(text, '\n')) {
    if (line.empty() || is_marker(line)) continue;
    result += line;
    result += '\n';
  }
  return result;
}

namespace {

// Has the preprocessor write the dependencies, which the compiler would write, into `file`.
std::vector<std::string> dependency_options(const Compilation& compilation, const std::string& file) {
  std::vector<std::string> options =
      filter_parts(compilation.arguments, [](const CommandPart& part, std::string_view name) {
        constexpr auto kKept = std::to_array<std::string_view>({"-MD", "-MMD", "-MP", "-MQ", "-MT", "-MV"});
        return !part.is_input && is_one_of(part, name, kKept);
      });
  const bool names_target = std::ranges::any_of(
      options, [](const std::string& option) { return option.starts_with("-MT") || option.starts_with("-MQ"); });
  if (!names_target) {
    options.insert(options.end(), {"-MQ", object_of(compilation, compilation.command.inputs.front()).string()});
  }
  options.insert(options.end(), {"-MF", file});
  return options;
}

// A name as rules of make write it.
std::string escaped_for_make(std::string_view name) {
  std::string result;
  for (const char c : name) {
    if (c == ' ' || c == '#') result += '\\';
    if (c == '$') result += '$';
    result += c;
  }
  return result;
}

// A rule of make without one of the files that it depends on, where there is one.
std::string without_prerequisite(std::string rule, const fs::path& file) {
  if (file.empty()) return rule;
  const std::string name = escaped_for_make(file.string());
  for (const std::string& form : {"\n" + name + ":", " " + name}) {
    if (const std::size_t at = rule.find(form); at != std::string::npos) rule.erase(at, form.size());
  }
  return rule;
}

// The text without the markers that tell of `header`, and of the predefined macros: those count them, so that each
// option for the CPU would change the text.
std::string without_places_before(std::string_view text, const fs::path& header) {
  std::string result;
  result.reserve(text.size());
  for (const std::string_view line : split(text, '\n')) {
    if (is_marker(line)) {
      if (contains_any(line, kBuiltIn)) continue;
      if (!header.empty() && line.find(header.string()) != std::string_view::npos) continue;
    }
    result += line;
    result += '\n';
  }
  return result;
}

// Whether the text has `name`, or `name` and "__", with an argument that begins with `first`, or "__" and `first`:
// target("avx2"), __mode__(__V4SF__).
bool has_attribute(std::string_view text, std::string_view name, char first) {
  const auto skip = [&](std::size_t at, std::string_view characters) {
    return std::min(text.find_first_not_of(characters, at), text.size());
  };
  const std::boyer_moore_horspool_searcher searcher(name.begin(), name.end());
  for (const char* at = text.data();;) {
    at = std::search(at, text.data() + text.size(), searcher);
    if (at == text.data() + text.size()) return false;
    at += name.size();
    std::size_t next = skip(skip(static_cast<std::size_t>(at - text.data()), "_"), " \t");
    if (next == text.size() || text[next] != '(') continue;
    next = skip(skip(next + 1, " \t"), "_");
    if (next < text.size() && text[next] == first) return true;
  }
}

// Whether the compiler decides by the CPU, in its preprocessor or behind it, what macros do not tell.
bool is_decided_by_cpu(std::string_view text, const std::vector<std::string>& files) {
  const std::string own_text = without_compiler_headers(text);
  if (contains_any(own_text, kDecidedByCpu)) return true;
  if (has_attribute(own_text, "target", '"') || has_attribute(own_text, "mode", 'V')) return true;
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
  const HeaderList headers(environment.store());
  const std::string dependencies = environment.store().temporary_path(".d").string();
  std::vector<std::string> arguments = preprocessing_arguments(environment, compilation);
  const auto add = [&](const std::vector<std::string>& options) {
    arguments.insert(arguments.begin() + 2, options.begin(), options.end());
  };
  const bool wants_dependencies = dependency_file(compilation).has_value();
  if (wants_dependencies) add(dependency_options(compilation, dependencies));
  // The first error is enough.
  if (!header.empty()) add({"-imacros", header.string(), "-ferror-limit=1"});
  const auto preprocessed = run_and_read(arguments, {}, headers.variables());
  PreprocessedUnit unit;
  if (wants_dependencies) {
    auto rule = read_file(dependencies);
    std::error_code ignored;
    fs::remove(dependencies, ignored);
    if (rule) unit.dependencies_ = without_prerequisite(std::move(*rule), header);
  }
  if (preprocessed) messages = preprocessed->error;
  if (!preprocessed || !preprocessed->status.ok() || preprocessed->output.empty()) return std::nullopt;
  if (wants_dependencies && !unit.dependencies_) return std::nullopt;
  unit.text_ = without_places_before(preprocessed->output, header);
  if (contains_any(unit.text_, kReadsFile)) return std::nullopt;
  unit.is_silent_ = preprocessed->error.empty();
  unit.headers_ = headers.read();
  std::erase(unit.headers_, header.string());
  unit.text_without_places_ = text_without_places(unit.text_, compilation.arguments);
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
      if (!is_decided_by_cpu(unit->text_, files)) unit->same_with_less_isa_ = candidate;
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
  verbose.add(text_);
  KeyHash silent = start();
  silent.add(names_directory ? directory : "");
  silent.add_all(compiling_options(all));
  silent.add(text_without_places_ ? *text_without_places_ : text_);
  // Debug information has digests of the files, comments and all.
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
  identity.text = Digest::of(text_without_places_ ? *text_without_places_ : text_);
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
