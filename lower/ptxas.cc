// See ptxas.h.
#include "lower/ptxas.h"

#include <algorithm>
#include <array>
#include <cstdlib>

#include "format/base/process.h"
#include "format/base/split.h"
#include "format/base/text.h"

namespace xaas {
namespace {

namespace fs = std::filesystem;

constexpr const char* kPtxasName = "ptxas";
constexpr const char* kPtxasVariable = "XAAS_PTXAS";
constexpr const char* kPtxFile = "code.ptx";
constexpr const char* kCubinFile = "code.cubin";

// Options of ptxas, sorted by their long names. Those that nvcc writes into the code, and those of users that change
// only the code or what is printed. None names a file, prints something in place of making code, or says for which GPU.
struct KnownOption {
  std::string_view name;
  std::string_view short_name;
  bool takes_value = false;  // behind a '=', or as the next word
};
constexpr auto kKnownOptions = std::to_array<KnownOption>({
    {"--Ofast-compile", "-Ofc", true},
    {"--allow-expensive-optimizations", "-allow-expensive-optimizations", true},
    {"--compile-as-tools-patch", "-astoolspatch"},
    {"--compile-only", "-c"},
    {"--compiler-annotations", "-annotate"},
    {"--def-load-cache", "-dlcm", true},
    {"--def-store-cache", "-dscm", true},
    {"--device-debug", "-g"},
    {"--device-function-maxrregcount", "-func-maxrregcount", true},
    {"--device-stack-protector", "-device-stack-protector", true},
    {"--disable-optimizer-constants", "-disable-optimizer-consts"},
    {"--disable-warnings", "-w"},
    {"--dont-merge-basicblocks", "-no-bb-merge"},
    {"--entry", "-e", true},
    {"--extensible-whole-program", "-ewp"},
    {"--fmad", "-fmad", true},
    {"--force-load-cache", "-flcm", true},
    {"--force-store-cache", "-fscm", true},
    {"--g-tensor-memory-access-check", "-g-tmem-access-check"},
    {"--generate-line-info", "-lineinfo"},
    {"--gno-tensor-memory-access-check", "-gno-tmem-access-check"},
    {"--legacy-bar-warp-wide-behavior", "-legacy-bar-warp-wide-behavior"},
    {"--make-errors-visible-at-exit", "-make-errors-visible-at-exit"},
    {"--maxntid", "-maxntid", true},
    {"--maxrregcount", "-maxrregcount", true},
    {"--minnctapersm", "-minnctapersm", true},
    {"--opt-level", "-O", true},
    {"--optimize-float-atomics", "-opt-fp-atomics"},
    {"--override-directive-values", "-override-directive-values"},
    {"--position-independent-code", "-pic", true},
    {"--preserve-relocs", "-preserve-relocs"},
    {"--register-usage-level", "-regUsageLevel", true},
    {"--return-at-end", "-ret-end"},
    {"--sanitize", "-sanitize", true},
    {"--sp-bounds-check", "-sp-bounds-check"},
    {"--split-compile", "-split-compile", true},
    {"--suppress-async-bulk-multicast-advisory-warning", "-suppress-async-bulk-multicast-advisory-warning"},
    {"--suppress-debug-info", "-suppress-debug-info"},
    {"--suppress-double-demote-warning", "-suppress-double-demote-warning"},
    {"--suppress-sparse-mma-advisory-info", "-suppress-sparse-mma-advisory-info"},
    {"--suppress-stack-size-warning", "-suppress-stack-size-warning"},
    {"--verbose", "-v"},
    {"--warn-on-double-precision-use", "-warn-double-usage"},
    {"--warn-on-local-memory-usage", "-warn-lmem-usage"},
    {"--warn-on-spills", "-warn-spills"},
    {"--warning-as-error", "-Werror"},
});
constexpr std::string_view kWarningAsError = "--warning-as-error";

// Null if there is no such option.
const KnownOption* find_known(std::string_view name) {
  const auto found = std::ranges::find_if(
      kKnownOptions, [&](const KnownOption& option) { return option.name == name || option.short_name == name; });
  return found == kKnownOptions.end() ? nullptr : &*found;
}

// Numbers, words, lists of them, and names of kernels. A path is none of these.
bool is_plain_value(std::string_view value) {
  const auto is_plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == ',' || c == '_' ||
           c == '$';
  };
  return !value.empty() && std::ranges::all_of(value, is_plain);
}

// -O2 is the only option whose value may follow at once.
bool is_opt_level(std::string_view word) {
  return word.size() == 3 && word.starts_with("-O") && word[2] >= '0' && word[2] <= '9';
}

}  // namespace

fs::path find_ptxas() {
  const std::string chosen = environment_variable(kPtxasVariable);
  if (chosen == "none") return {};
  if (!chosen.empty()) return chosen;
  std::vector<fs::path> directories;
  const std::string path = environment_variable("PATH");
  for (const std::string_view directory : split(path, ':')) directories.emplace_back(directory);
  for (const char* variable : {"CUDA_HOME", "CUDA_PATH"}) {
    directories.emplace_back(fs::path(environment_variable(variable)) / "bin");
  }
  directories.emplace_back("/usr/local/cuda/bin");
  for (const fs::path& directory : directories) {
    std::error_code ignored;
    // What lies in the current directory may be anybody's.
    if (directory.is_absolute() && fs::is_regular_file(directory / kPtxasName, ignored)) return directory / kPtxasName;
  }
  return {};
}

Result<std::vector<std::string>> ptxas_options(std::string_view options) {
  std::vector<std::string> words;
  bool is_value = false;
  for (const std::string_view word : split(options, ' ')) {
    if (word.empty()) continue;
    const std::size_t equals = word.find('=');
    const bool has_value = equals != std::string_view::npos;
    const KnownOption* option = is_value ? nullptr : find_known(word.substr(0, equals));
    const bool is_known = is_value ? is_plain_value(word) : option != nullptr || is_opt_level(word);
    const bool fits =
        !has_value || (option != nullptr && option->takes_value && is_plain_value(word.substr(equals + 1)));
    if (!is_known || !fits) return fail(Code::unsupported, "unknown option of ptxas: {}", printable(word));
    is_value = option != nullptr && option->takes_value && !has_value;
    // What another ptxas warns of, or for another GPU, is no reason to have no cubin.
    if (option == nullptr || option->name != kWarningAsError) words.emplace_back(word);
  }
  if (is_value) return fail(Code::unsupported, "unknown option of ptxas: {}", words.back());
  return words;
}

std::shared_ptr<const Ptxas> Ptxas::of_host() {
  static const std::shared_ptr<const Ptxas> ptxas = usable_tool<Ptxas>(find_ptxas());
  return ptxas;
}

Result<std::shared_ptr<const Ptxas>> Ptxas::open(const fs::path& path) {
  XAAS_ASSIGN(CudaTool tool, CudaTool::open(path));
  return std::shared_ptr<const Ptxas>(new Ptxas(std::move(tool)));
}

Result<std::string> Ptxas::compile(std::string_view ptx, unsigned architecture, const std::vector<std::string>& options,
                                   const fs::path& scratch, const std::stop_token& stop) const {
  std::vector<std::string> arguments = {fmt::format("-arch=sm_{}", architecture), "-m64"};
  arguments.insert(arguments.end(), options.begin(), options.end());
  arguments.insert(arguments.end(), {kPtxFile, "-o", kCubinFile});
  auto cubin = tool_.run(arguments, {{kPtxFile, ptx}}, kCubinFile, scratch, stop);
  if (!cubin && cubin.error().code == Code::invalid) {
    return fail(Code::invalid, "ptxas does not compile it for sm_{}: {}", architecture, cubin.error().message);
  }
  return cubin;
}

}  // namespace xaas
