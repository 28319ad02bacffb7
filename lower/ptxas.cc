// See ptxas.h.
#include "lower/ptxas.h"

#include <fcntl.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <set>

#include "format/base/elf_file.h"
#include "format/base/file.h"
#include "format/base/process.h"
#include "format/base/split.h"
#include "format/base/text.h"
#include "lower/confined_run.h"
#include "lower/host_library.h"
#include "lower/target.h"

namespace xaas {
namespace {

namespace fs = std::filesystem;

constexpr const char* kPtxasName = "ptxas";
constexpr const char* kPtxasVariable = "XAAS_PTXAS";
constexpr const char* kPtxasLibraries = "lib";  // directory in the scratch directory
constexpr std::uint64_t kLargestProgram = 1ULL << 30;
constexpr std::uint64_t kLargestCubin = 1ULL << 30;

// Words that nvcc writes into the options, and those of users that change only the code. A word that ends with '='
// takes a value of letters and digits.
constexpr auto kPtxasWords = std::to_array<std::string_view>(
    {"--dont-merge-basicblocks", "--generate-line-info", "--maxrregcount=", "--opt-level=", "--return-at-end",
     "--verbose", "-O0", "-O1", "-O2", "-O3", "-dlcm=", "-dscm=", "-g", "-lineinfo", "-maxrregcount=", "-v"});

bool is_known_word(std::string_view word) {
  const std::string_view name = word.substr(0, word.find('=') + 1);
  if (name.empty()) return std::ranges::find(kPtxasWords, word) != kPtxasWords.end();
  const std::string_view value = word.substr(name.size());
  const auto is_plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  return std::ranges::find(kPtxasWords, name) != kPtxasWords.end() && std::ranges::all_of(value, is_plain);
}

// Adds the libraries that the program at `elf` needs, and those that they need.
template <typename Add>
Status add_needed(const ElfFile& elf, std::set<std::string>& known, const Add& add) {
  XAAS_ASSIGN(const ElfDynamic dynamic, elf.dynamic());
  for (const std::string& soname : dynamic.needed) {
    if (!known.insert(soname).second) continue;
    const auto path = find_host_library(soname, host_triple());
    if (!path) return fail(Code::not_found, "ptxas needs {}, which this host lacks", soname);
    XAAS_ASSIGN(std::string content, read_file(*path, kLargestProgram));
    XAAS_ASSIGN(const ElfFile library, ElfFile::parse(content));
    XAAS_TRY(add_needed(library, known, add));
    add(soname, std::move(content));
  }
  return {};
}

std::shared_ptr<const Ptxas> ptxas_of_host() {
  const fs::path path = find_ptxas();
  if (path.empty()) return nullptr;
  return Ptxas::open(path).value_or(nullptr);
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
  static const std::shared_ptr<const Ptxas> ptxas = ptxas_of_host();
  return ptxas;
}

Result<std::shared_ptr<const Ptxas>> Ptxas::open(const fs::path& path) {
  const std::shared_ptr<Ptxas> ptxas(new Ptxas);
  ptxas->path_ = path;
  XAAS_ASSIGN(std::string program, read_file(path, kLargestProgram));
  ptxas->digest_ = Digest::of(program);
  XAAS_ASSIGN(const ElfFile elf, ElfFile::parse(program));
  const auto interpreter = elf.interpreter();
  if (!interpreter) return fail(Code::unsupported, "{} is no dynamically linked program", path.string());
  XAAS_ASSIGN(const std::string loader, read_file(std::string(*interpreter), kLargestProgram));
  XAAS_ASSIGN(ptxas->loader_, WorkerProgram::from_bytes(loader));
  std::set<std::string> known = {fs::path(*interpreter).filename().string()};
  XAAS_TRY(add_needed(elf, known, [&](const std::string& soname, std::string content) {
    ptxas->files_.push_back({fmt::format("{}/{}", kPtxasLibraries, soname), std::move(content)});
  }));
  ptxas->files_.push_back({kPtxasName, std::move(program)});
  return ptxas;
}

// The loader is the program that is started, because the kernel would look for it in the scratch directory, and
// Landlock would not let it be executed there.
Result<std::string> Ptxas::compile(std::string_view ptx, unsigned architecture, const std::vector<std::string>& options,
                                   const fs::path& scratch, const std::stop_token& stop) const {
  XAAS_ASSIGN(const TempDirectory directory, TempDirectory::create(scratch));
  XAAS_TRY(create_private_directory(directory.path() / kPtxasLibraries));
  for (const File& file : files_) XAAS_TRY(create_private_file(directory.path() / file.name, file.content));
  XAAS_TRY(create_private_file(directory.path() / "code.ptx", ptx));
  std::vector<std::string> arguments = {"ld.so",
                                        "--inhibit-cache",
                                        "--library-path",
                                        kPtxasLibraries,
                                        fmt::format("./{}", kPtxasName),
                                        fmt::format("-arch=sm_{}", architecture),
                                        "-m64"};
  arguments.insert(arguments.end(), options.begin(), options.end());
  arguments.insert(arguments.end(), {"code.ptx", "-o", "code.cubin"});
  XAAS_ASSIGN(const ConfinedResult result, run_confined(*loader_, arguments, directory.path(), {.stop = stop}));
  if (!result.ok) {
    const std::string_view line = std::string_view(result.messages).substr(0, result.messages.find('\n'));
    return fail(Code::invalid, "ptxas does not compile it for sm_{}: {}", architecture, printable(line));
  }
  const Fd cubin(::open((directory.path() / "code.cubin").c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!cubin.valid()) return fail_errno("cannot open what ptxas made");
  return read_fd(cubin.get(), kLargestCubin);
}

}  // namespace xaas
