// Preprocessing, and digests of what comes of it; see preprocessed_unit.h.
#include "mkimage/preprocessed_unit.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <functional>

#include "format/file.h"
#include "mkimage/isa_options.h"
#include "mkimage/process.h"
#include "mkimage/split.h"

namespace xaas {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kKeyVersion = "xaas capture cache 2";

// Options by which a compiler reads or writes files that neither the preprocessed text nor an entry tells of. By the
// beginning of their names.
constexpr auto kNotCached = std::to_array<std::string_view>({"--config",     "--serialize-diagnostics",
                                                             "-MJ",          "-Wp,",
                                                             "-Xarch",       "-Xclang",
                                                             "-Xpreproc",    "-dependency-",
                                                             "-dumpdir",     "-fauto-",
                                                             "-fcrash-",     "-fdebug-macro",
                                                             "-fmemory-",    "-foptimization-record",
                                                             "-fpass-",      "-fplugin",
                                                             "-fproc-",      "-fprofile-",
                                                             "-fsave-",      "-fstack-usage",
                                                             "-fthin-link-", "-ftime-trace",
                                                             "-fxray-",      "-include-pch",
                                                             "-ivfsov",      "-load",
                                                             "-object-file", "-serialize-",
                                                             "-specs",       "-working-directory"});
// Assembly in the text that reads a file.
constexpr std::array<std::string_view, 2> kReadsFile = {".incbin", ".include"};
// What the compiler answers with places in the source, or what hides what looks like one.
constexpr auto kAsksForPlace =
    std::to_array<std::string_view>({"R\"", "__PRETTY_FUNCTION__", "__builtin_COLUMN", "__builtin_FILE",
                                     "__builtin_LINE", "__builtin_source_location", "__builtin_dump_struct"});
// By these a text declares vectors; how those of more than 128 bits are handed over depends on the CPU.
constexpr auto kDeclaresVectors = std::to_array<std::string_view>({"ext_vector_type", "vector_size"});

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

bool tells_all(const Compilation& compilation) {
  const CompilerCommand& command = compilation.command;
  if (command.mode != CommandMode::compile || command.inputs.size() != 1) return false;
  return std::ranges::none_of(command_parts(compilation.arguments), [&](const CommandPart& part) {
    const std::string_view argument = compilation.arguments[part.first];
    if (part.is_input) return argument.starts_with('@');  // a response file, with options in it
    const auto begins = [&](std::string_view name) { return argument.starts_with(name); };
    return std::ranges::any_of(kNotCached, begins) || has_precompiled(part);
  });
}

// The parts of the arguments for which `keep` says so.
template <typename Keep>
std::vector<std::string> filter(const std::vector<std::string>& arguments, Keep keep) {
  std::vector<std::string> kept;
  for (const CommandPart& part : command_parts(arguments)) {
    if (!keep(part, arguments[part.first])) continue;
    const auto first = arguments.begin() + static_cast<std::ptrdiff_t>(part.first);
    kept.insert(kept.end(), first, first + static_cast<std::ptrdiff_t>(part.count));
  }
  return kept;
}

// The same command, but for the text on standard output.
std::vector<std::string> preprocessing_arguments(const CaptureEnvironment& environment,
                                                 const Compilation& compilation) {
  std::vector<std::string> arguments =
      filter(capturing_arguments(environment, compilation, {}), [](const CommandPart& part, std::string_view argument) {
        return part.is_input || !is_one_of(part, argument, kOutputs);
      });
  arguments.insert(arguments.begin(), {compilation.compiler, "-E"});
  return arguments;
}

bool has_debug_info(const std::vector<std::string>& options) {
  bool has = false;
  for (const std::string& option : options) {
    if (option.starts_with("-g") && !option.starts_with("-gcc")) has = option != "-g0";
  }
  return has;
}

// The options that stay when those for the preprocessor, the names of what is made and of the source are gone.
std::vector<std::string> compiling_options(const std::vector<std::string>& arguments) {
  return filter(arguments, [](const CommandPart& part, std::string_view argument) {
    return !part.is_input && !is_one_of(part, argument, kOutputs) && !is_one_of(part, argument, kPreprocessing);
  });
}

// The name without its directory; the compiler takes the language from its end and writes it into the object.
std::string file_name(const Compilation& compilation) {
  return fs::path(compilation.command.inputs.front().path).filename().string();
}

class KeyHash {
 public:
  void add(std::string_view part) {
    hash_.update(fmt::format("{}:", part.size()));
    hash_.update(part);
  }
  // A program or plugin, by what tells it from another version of itself.
  void add_program(const fs::path& path) {
    struct stat status{};
    if (stat(path.c_str(), &status) != 0) status = {};
    add(fmt::format("{} {} {}.{}", path.string(), status.st_size, status.st_mtim.tv_sec, status.st_mtim.tv_nsec));
  }
  void add_all(const std::vector<std::string>& parts) {
    for (const std::string& part : parts) add(part);
  }
  Digest finish() { return hash_.finish(); }

 private:
  Sha256 hash_;
};

// Whether `option` maps a directory that is named nowhere. What names of files the text has by its macros is mapped
// already.
bool is_idle_map(std::string_view option, std::string_view names) {
  constexpr std::string_view kMap = "-ffile-prefix-map=";
  if (!option.starts_with(kMap)) return false;
  const std::string_view from = option.substr(kMap.size(), option.rfind('=') - kMap.size());
  return names.find(from) == std::string_view::npos;
}

// Directories are named where a file is and not where it will be: as in the image, where the build is left out.
std::string without_directories(const CaptureEnvironment& environment, std::string argument) {
  for (const std::string& directory : {environment.build.string(), environment.source.string()}) {
    for (std::size_t at = argument.find(directory); at != std::string::npos; at = argument.find(directory, at)) {
      argument.erase(at, directory.size());
    }
  }
  return argument;
}

bool is_marker(std::string_view line) {
  return line.size() > 2 && line[0] == '#' && line[1] == ' ' && line[2] >= '0' && line[2] <= '9';
}

// Markers within the predefined macros count these, so that each option for the CPU would change the text.
std::string without_built_in_places(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (const std::string_view line : split(text, '\n')) {
    if (is_marker(line) && contains_any(line, kBuiltIn)) continue;
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

std::optional<PreprocessedUnit> PreprocessedUnit::run(const CaptureEnvironment& environment,
                                                      const Compilation& compilation) {
  if (!tells_all(compilation)) return std::nullopt;
  const HeaderList headers(environment.store());
  std::vector<std::string> arguments = preprocessing_arguments(environment, compilation);
  const bool wants_dependencies = dependency_file(compilation).has_value();
  const std::string dependencies = environment.store().temporary_path(".d").string();
  if (wants_dependencies) {
    const std::vector<std::string> own =
        filter(compilation.arguments, [](const CommandPart& part, std::string_view name) {
          constexpr auto kKept = std::to_array<std::string_view>({"-MD", "-MMD", "-MP", "-MQ", "-MT", "-MV"});
          return !part.is_input && is_one_of(part, name, kKept);
        });
    arguments.insert(arguments.begin() + 2, own.begin(), own.end());
    const bool names_target = std::ranges::any_of(
        own, [](const std::string& argument) { return argument.starts_with("-MT") || argument.starts_with("-MQ"); });
    if (!names_target) {
      const std::string target = object_of(compilation, compilation.command.inputs.front()).string();
      arguments.insert(arguments.begin() + 2, {"-MQ", target});
    }
    arguments.insert(arguments.begin() + 2, {"-MF", dependencies});
  }
  const auto preprocessed = run_and_read(arguments, {}, headers.variables());
  PreprocessedUnit unit;
  if (wants_dependencies) {
    auto rule = read_file(dependencies);
    std::error_code ignored;
    fs::remove(dependencies, ignored);
    if (!rule) return std::nullopt;
    unit.dependencies_ = std::move(*rule);
  }
  if (!preprocessed || !preprocessed->status.ok()) return std::nullopt;
  unit.text_ = without_built_in_places(preprocessed->output);
  if (contains_any(unit.text_, kReadsFile)) return std::nullopt;
  unit.headers_ = headers.read();
  unit.text_without_places_ = text_without_places(unit.text_, compilation.arguments);
  if (environment.shares_units && std::ranges::any_of(compilation.arguments, is_isa_option) &&
      !contains_any(unit.text_, kDeclaresVectors)) {
    const auto plain = run_and_read(preprocessing_arguments(environment, without_isa(compilation)));
    unit.same_without_isa_ = plain && plain->status.ok() && without_built_in_places(plain->output) == unit.text_;
  }
  return unit;
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
  KeyHash verbose = start();
  verbose.add(directory);
  verbose.add_all(all);
  verbose.add(text_);

  KeyHash silent = start();
  const bool names_directory = has_debug_info(compilation.arguments);
  silent.add(names_directory ? directory : "");
  const std::string names = text_without_places_ ? "" : text_ + (names_directory ? directory : "");
  for (const std::string& option : compiling_options(all)) {
    if (!is_idle_map(option, names)) silent.add(option);
  }
  silent.add(text_without_places_ ? *text_without_places_ : text_);
  return {silent.finish(), verbose.finish()};
}

UnitIdentity PreprocessedUnit::identity(const CaptureEnvironment& environment, const Compilation& compilation) const {
  UnitIdentity identity;
  std::error_code error;
  const fs::path object = fs::current_path(error) / object_of(compilation, compilation.command.inputs.front());
  identity.target = without_directories(environment, object.lexically_normal().string());
  KeyHash command;
  for (const std::string& argument : compilation.arguments) command.add(without_directories(environment, argument));
  identity.command = command.finish();
  identity.text = Digest::of(text_without_places_ ? *text_without_places_ : text_);
  KeyHash options;
  for (const std::string& option : without_isa_options(compiling_options(compilation.arguments))) {
    if (!option.starts_with("-W") && option != "-w") options.add(option);
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
