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

// Words that nvcc writes into the options, and those of users that change only the code. A word that ends with '='
// takes a value of letters and digits.
constexpr auto kPtxasWords =
    std::to_array<std::string_view>({"--compile-only", "--dont-merge-basicblocks", "--generate-line-info",
                                     "--maxrregcount=", "--opt-level=", "--return-at-end", "--verbose", "-O0", "-O1",
                                     "-O2", "-O3", "-dlcm=", "-dscm=", "-g", "-lineinfo", "-maxrregcount=", "-v"});

bool is_known_word(std::string_view word) {
  const std::string_view name = word.substr(0, word.find('=') + 1);
  if (name.empty()) return std::ranges::find(kPtxasWords, word) != kPtxasWords.end();
  const std::string_view value = word.substr(name.size());
  const auto is_plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  return std::ranges::find(kPtxasWords, name) != kPtxasWords.end() && std::ranges::all_of(value, is_plain);
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
  for (const std::string_view word : split(options, ' ')) {
    if (word.empty()) continue;
    if (!is_known_word(word)) return fail(Code::unsupported, "unknown option of ptxas: {}", printable(word));
    words.emplace_back(word);
  }
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
