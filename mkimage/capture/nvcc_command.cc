// See nvcc_command.h.
#include "mkimage/capture/nvcc_command.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "format/base/file.h"
#include "format/base/process.h"
#include "format/base/split.h"
#include "format/base/text.h"
#include "mkimage/compiler/compilation.h"
#include "mkimage/compiler/compiler_run.h"
#include "mkimage/compiler/real_compiler.h"
#include "mkimage/compiler/response_file.h"

namespace xaas {
namespace {

// Options of nvcc are written with one dash or two, and their values behind "=" or as the next argument.
constexpr auto kArchitectureOptions =
    std::to_array<std::string_view>({"arch", "code", "generate-code", "gencode", "gpu-architecture", "gpu-code"});
// Commands with these make no objects with several forms of code in them, or leave the code to a later link.
constexpr auto kLeftAlone = std::to_array<std::string_view>({"E",
                                                             "M",
                                                             "MM",
                                                             "V",
                                                             "cubin",
                                                             "cuda",
                                                             "device-link",
                                                             "device-w",
                                                             "dlink",
                                                             "dlink-time-opt",
                                                             "dlto",
                                                             "dryrun",
                                                             "dw",
                                                             "fatbin",
                                                             "generate-dependencies",
                                                             "h",
                                                             "help",
                                                             "lib",
                                                             "link",
                                                             "list-gpu-arch",
                                                             "list-gpu-code",
                                                             "lto",
                                                             "ltoir",
                                                             "optf",
                                                             "optix-ir",
                                                             "options-file",
                                                             "preprocess",
                                                             "ptx",
                                                             "version"});
constexpr auto kLinkTimeOptions = std::to_array<std::string_view>({"dlto", "dlink-time-opt", "lto", "ltoir"});
constexpr std::string_view kLinkTimeArchitecture = "lto_";
constexpr auto kOutputOptions =
    std::to_array<std::string_view>({"o", "odir", "output-directory", "output-file", "MF", "dependency-output", "MT",
                                     "dependency-target-name", "keep-dir"});
constexpr auto kMoreOutputs =
    std::to_array<std::string_view>({"MD", "MMD", "generate-dependencies-with-compile",
                                     "generate-nonsystem-dependencies-with-compile", "keep", "save-temps"});
constexpr auto kOptionsFiles = std::to_array<std::string_view>({"optf", "options-file"});
// The other options that take a value, of nvcc --help. A value is no option, whatever it begins with: -Xlinker -h.
constexpr auto kOptionsWithValues = std::to_array<std::string_view>({"D",
                                                                     "I",
                                                                     "L",
                                                                     "O",
                                                                     "Ofast-compile",
                                                                     "Ofc",
                                                                     "U",
                                                                     "Werror",
                                                                     "Xarchive",
                                                                     "Xcompiler",
                                                                     "Xcudafe",
                                                                     "Xfatbin",
                                                                     "Xlinker",
                                                                     "Xnvlink",
                                                                     "Xnvvm",
                                                                     "Xptxas",
                                                                     "arbin",
                                                                     "archive-options",
                                                                     "archiver-binary",
                                                                     "ccbin",
                                                                     "compiler-bindir",
                                                                     "compiler-options",
                                                                     "cudart",
                                                                     "default-stream",
                                                                     "define-macro",
                                                                     "diag-error",
                                                                     "diag-suppress",
                                                                     "diag-warn",
                                                                     "dopt",
                                                                     "fdevice-time-trace",
                                                                     "frandom-seed",
                                                                     "ftemplate-backtrace-limit",
                                                                     "ftemplate-depth",
                                                                     "include",
                                                                     "include-path",
                                                                     "isystem",
                                                                     "jtd",
                                                                     "jump-table-density",
                                                                     "l",
                                                                     "ldir",
                                                                     "libdevice-directory",
                                                                     "library",
                                                                     "library-path",
                                                                     "linker-options",
                                                                     "m",
                                                                     "machine",
                                                                     "maxrregcount",
                                                                     "nvlink-options",
                                                                     "opt-info",
                                                                     "optimization-info",
                                                                     "optimize",
                                                                     "pre-include",
                                                                     "ptxas-options",
                                                                     "rdc",
                                                                     "relocatable-device-code",
                                                                     "run-args",
                                                                     "sanitize",
                                                                     "split-compile",
                                                                     "split-compile-extended",
                                                                     "std",
                                                                     "system-include",
                                                                     "t",
                                                                     "target-dir",
                                                                     "target-directory",
                                                                     "threads",
                                                                     "time",
                                                                     "undefine-macro",
                                                                     "x"});
// Flags of the user for every nvcc, before and behind those of a command.
constexpr const char* kPrependedFlags = "NVCC_PREPEND_FLAGS";
constexpr const char* kAppendedFlags = "NVCC_APPEND_FLAGS";
constexpr std::size_t kMaxOptionsFile = 1ULL << 20;  // the kernel takes about two
constexpr std::size_t kMaxOptionsFiles = 100;

struct NvccOption {
  std::string name;   // without dashes; empty for an input
  std::string value;  // empty if there is none
  std::size_t first;  // index of its first argument; it has `count` arguments
  std::size_t count;
};

bool takes_next(std::string_view name) {
  return is_in(kArchitectureOptions, name) || is_in(kOutputOptions, name) || is_in(kOptionsFiles, name) ||
         is_in(kOptionsWithValues, name);
}

std::vector<NvccOption> nvcc_options(const std::vector<std::string>& arguments) {
  std::vector<NvccOption> options;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    std::string_view word = arguments[i];
    if (!word.starts_with('-')) {
      options.push_back({"", std::string(word), i, 1});
      continue;
    }
    word.remove_prefix(word.starts_with("--") ? 2 : 1);
    const std::size_t equals = word.find('=');
    NvccOption option{std::string(word.substr(0, equals)), "", i, 1};
    if (equals != std::string_view::npos) {
      option.value = word.substr(equals + 1);
    } else if (takes_next(option.name) && i + 1 < arguments.size()) {
      option.value = arguments[++i];
      option.count = 2;
    }
    options.push_back(std::move(option));
  }
  return options;
}

// The words of the first options file of a command in its place. False if there is none, or if it cannot be read.
bool open_options_file(std::vector<std::string>& arguments) {
  const std::vector<NvccOption> options = nvcc_options(arguments);
  const auto named = std::ranges::find_if(
      options, [](const NvccOption& option) { return is_in(kOptionsFiles, option.name) && !option.value.empty(); });
  if (named == options.end()) return false;
  std::vector<std::string> words;
  for (const std::string_view file : split(named->value, ',')) {
    const auto text = read_file(std::string(file), kMaxOptionsFile);
    if (!text) return false;
    const std::vector<std::string> added = split_arguments(*text);
    words.insert(words.end(), added.begin(), added.end());
  }
  const auto first = arguments.begin() + static_cast<std::ptrdiff_t>(named->first);
  const auto place = arguments.erase(first, first + static_cast<std::ptrdiff_t>(named->count));
  arguments.insert(place, words.begin(), words.end());
  return true;
}

bool is_native_gpu(const NvccOption& option) {
  return is_in(kArchitectureOptions, option.name) && option.value == "native";
}

// Removes the options that are to be removed, and returns their arguments.
std::vector<std::string> remove_options(std::vector<std::string>& arguments, bool (*is_removed)(const NvccOption&)) {
  std::vector<std::string> removed;
  std::vector<std::string> kept;
  for (const NvccOption& option : nvcc_options(arguments)) {
    auto& into = is_removed(option) ? removed : kept;
    const auto first = arguments.begin() + static_cast<std::ptrdiff_t>(option.first);
    into.insert(into.end(), first, first + static_cast<std::ptrdiff_t>(option.count));
  }
  arguments = std::move(kept);
  return removed;
}

// The numbers behind `word` in the text: 80 and 86 in "arch=compute_80,code=[sm_80,sm_86]" behind "sm_".
void add_numbers(std::string_view text, std::string_view word, std::set<unsigned>& numbers) {
  for (std::size_t at = text.find(word); at != std::string_view::npos; at = text.find(word, at)) {
    at += word.size();
    unsigned number = 0;
    const auto [end, error] = std::from_chars(text.data() + at, text.data() + text.size(), number);
    if (error == std::errc()) numbers.insert(number);
  }
}

// What a command compiles for; nullopt if it is better left alone.
struct AskedArchitectures {
  std::set<unsigned> all;
  std::set<unsigned> plain;     // for which it is compiled without features of a single architecture or family
  std::set<unsigned> specific;  // for which it is compiled with such features, as sm_90a
};

std::optional<AskedArchitectures> asked_architectures(const std::vector<NvccOption>& options) {
  AskedArchitectures asked;
  for (const NvccOption& option : options) {
    if (!is_in(kArchitectureOptions, option.name)) continue;
    const std::string& value = option.value;
    if (value.starts_with("all") || value.find(kLinkTimeArchitecture) != std::string::npos) return std::nullopt;
    std::set<unsigned> compiled_for;
    add_numbers(value, "compute_", asked.all);
    add_numbers(value, "sm_", asked.all);
    // The front end compiles for what stands behind "arch".
    const bool is_pair = option.name == "gencode" || option.name == "generate-code";
    if (is_pair) add_numbers(value.substr(0, value.find(",code")), "compute_", compiled_for);
    if (option.name == "arch" || option.name == "gpu-architecture") {
      add_numbers(value, "compute_", compiled_for);
      add_numbers(value, "sm_", compiled_for);
    }
    for (const unsigned number : compiled_for) {
      const std::string digits = std::to_string(number);
      const bool is_specific =
          value.find(digits + "a") != std::string::npos || value.find(digits + "f") != std::string::npos;
      (is_specific ? asked.specific : asked.plain).insert(number);
    }
  }
  return asked;
}

bool is_cuda_source(const NvccOption& option) {
  return option.name.empty() && std::filesystem::path(option.value).extension() == ".cu";
}

bool compiles_cuda(const std::vector<NvccOption>& options) {
  return std::ranges::any_of(options, [](const NvccOption& option) {
    return option.name == "x" ? option.value == "cu" : is_cuda_source(option);
  });
}

// The source of a command, for people.
std::string source_of(const CaptureEnvironment& environment, const std::vector<std::string>& arguments) {
  const std::vector<NvccOption> options = nvcc_options(arguments);
  const auto source = std::ranges::find_if(options, is_cuda_source);
  std::error_code ignored;
  return environment.display_name(source == options.end() ? arguments.back() : source->value,
                                  std::filesystem::current_path(ignored));
}

// Whether a build tool only wants to know what nvcc does, and for what it compiles by itself.
bool is_probing(const std::vector<std::string>& arguments) {
  return std::ranges::any_of(nvcc_options(arguments), [](const NvccOption& option) {
    const std::filesystem::path path = option.value;
    return option.name.empty() && (is_probe(path) || path.filename() == "CMakeCUDACompilerId.cu");
  });
}

std::string family_argument(unsigned family) {
  return fmt::format("-gencode=arch=compute_{0},code=compute_{0}", family);
}

// Runs nvcc for all of the architectures. What it prints is shown if it succeeds.
bool compiles_for(const NvccFamilies& families, std::vector<std::string> arguments) {
  std::set<unsigned> all = families.own;
  all.insert(families.more.begin(), families.more.end());
  std::ranges::transform(all, std::back_inserter(arguments), family_argument);
  const TentativeRun run(std::move(arguments), {});
  if (run.ok()) run.pass_on_output();
  return run.ok();
}

// Runs nvcc for these architectures and nothing else, to see whether it can. Nothing is captured, and what it makes is
// lost.
TentativeRun try_architectures(const CaptureEnvironment& environment, std::vector<std::string> arguments,
                               const std::set<unsigned>& architectures) {
  const auto directory = TempDirectory::create(environment.store().temporary_path("").parent_path());
  if (!directory) return {};
  remove_options(arguments, [](const NvccOption& option) {
    return is_in(kArchitectureOptions, option.name) || is_in(kOutputOptions, option.name) ||
           is_in(kMoreOutputs, option.name);
  });
  std::ranges::transform(architectures, std::back_inserter(arguments), family_argument);
  arguments.insert(arguments.end(), {"-odir", directory->path().string()});
  return {std::move(arguments), without_capture()};
}

// Takes the families for which the source does not compile out of `more`, and says of each why.
std::map<unsigned, std::string> leave_out_families(const CaptureEnvironment& environment,
                                                   const std::vector<std::string>& arguments,
                                                   std::set<unsigned>& more) {
  std::map<unsigned, std::string> reasons;
  std::erase_if(more, [&](unsigned family) {
    const TentativeRun run = try_architectures(environment, arguments, {family});
    if (run.ok()) return false;
    reasons[family] = fmt::format("nvcc does not compile {} for compute_{}, so there is no PTX of that: {}",
                                  source_of(environment, arguments), family, run.first_message());
    return true;
  });
  return reasons;
}

}  // namespace

std::vector<std::string> whole_nvcc_command(const std::vector<std::string>& arguments) {
  std::vector<std::string> whole = split_arguments(environment_variable(kPrependedFlags));
  whole.insert(whole.end(), arguments.begin(), arguments.end());
  const std::vector<std::string> appended = split_arguments(environment_variable(kAppendedFlags));
  whole.insert(whole.end(), appended.begin(), appended.end());
  for (std::size_t files = 0; files < kMaxOptionsFiles && open_options_file(whole);) ++files;
  std::size_t bytes = 0;
  for (const std::string& word : whole) bytes += word.size() + 1;
  return bytes < kMaxOptionsFile ? whole : arguments;
}

std::vector<std::string> remove_native_gpu(std::vector<std::string>& arguments) {
  return remove_options(arguments, is_native_gpu);
}

bool optimises_at_link(const std::vector<std::string>& arguments) {
  return std::ranges::any_of(nvcc_options(arguments), [](const NvccOption& option) {
    if (is_in(kLinkTimeOptions, option.name)) return true;
    return is_in(kArchitectureOptions, option.name) && option.value.find(kLinkTimeArchitecture) != std::string::npos;
  });
}

NvccFamilies nvcc_families(const std::vector<std::string>& arguments, const std::vector<unsigned>& families) {
  const std::vector<NvccOption> options = nvcc_options(arguments);
  const auto is_left_alone = [](const NvccOption& option) { return is_in(kLeftAlone, option.name); };
  if (!compiles_cuda(options) || std::ranges::any_of(options, is_left_alone)) return {};
  const auto asked = asked_architectures(options);
  // Code that is written for sm_90a alone may do nothing when it is compiled for others.
  if (!asked || (asked->plain.empty() && !asked->specific.empty())) return {};
  NvccFamilies result{asked->plain, {}};
  for (const unsigned family : families) {
    const bool is_wanted = asked->all.empty() || family >= *asked->all.begin();
    const bool is_asked = asked->plain.contains(family) || asked->specific.contains(family);
    if (is_wanted && !is_asked) result.more.insert(family);
  }
  return result;
}

bool compile_with_families(const CaptureEnvironment& environment, const std::vector<std::string>& arguments) {
  NvccFamilies families = nvcc_families(arguments, environment.cuda_families);
  if (families.own.empty() && families.more.empty()) return false;
  if (compiles_for(families, arguments)) return true;
  // A source that does not compile as the project asks is not worth a run for each family.
  const bool asks = !families.own.empty();
  if (families.more.empty() || (asks && !try_architectures(environment, arguments, families.own).ok())) return false;
  const std::map<unsigned, std::string> reasons = leave_out_families(environment, arguments, families.more);
  const bool has_any = asks || !families.more.empty();
  if (reasons.empty() || !has_any || !compiles_for(families, arguments)) return false;
  for (const auto& [family, reason] : reasons) {
    environment.store().note(reason);
    environment.store().note_left_out(family);
  }
  return true;
}

int run_nvcc(const CaptureEnvironment& environment, std::vector<std::string> arguments) {
  const std::vector<std::string> given(arguments.begin() + 1, arguments.end());
  if (const std::vector<std::string> whole = whole_nvcc_command(given); whole != given) {
    arguments.resize(1);
    arguments.insert(arguments.end(), whole.begin(), whole.end());
    for (const char* name : {kPrependedFlags, kAppendedFlags}) unsetenv(name);  // NOLINT(concurrency-mt-unsafe)
  }
  setenv(kNvccVariable, "1", 1);  // NOLINT(concurrency-mt-unsafe): no thread runs yet
  const std::vector<std::string> native = remove_native_gpu(arguments);
  if (!native.empty()) {
    environment.store().note(
        fmt::format("nvcc {} stands for the GPU that runs the programs: they are compiled for several architectures",
                    fmt::join(native, " ")));
  }
  if (optimises_at_link(arguments)) {
    environment.store().note(
        "code for GPUs that is optimised when it is linked (nvcc -dlto) stays as nvcc makes it; the host's code is "
        "lowered");
  }
  if (!is_probing(arguments) && compile_with_families(environment, arguments)) return 0;
  fmt::print(stderr, "xaas-cc: {}\n", exec_process(arguments).message);
  return 1;
}

int run_nvcc_in_path(const CaptureEnvironment& environment, std::vector<std::string> arguments) {
  const auto compiler = find_real_compiler(std::string(kNvccName));
  if (!compiler) {
    fmt::print(stderr, "xaas-cc: {}\n", compiler.error().message);
    return 1;
  }
  arguments.insert(arguments.begin(), compiler->string());
  return run_nvcc(environment, std::move(arguments));
}

}  // namespace xaas
