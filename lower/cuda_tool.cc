// See cuda_tool.h.
#include "lower/cuda_tool.h"

#include <fcntl.h>

#include <set>

#include "format/base/elf_file.h"
#include "format/base/file.h"
#include "format/base/split.h"
#include "format/base/text.h"
#include "lower/confined_run.h"
#include "lower/host_library.h"
#include "lower/target.h"

namespace xaas {
namespace {

namespace fs = std::filesystem;

constexpr const char* kToolLibraries = "lib";       // directory in the scratch directory
constexpr std::uint64_t kLargestTool = 1ULL << 30;  // bytes of the program and of each library
constexpr std::uint64_t kLargestOutput = 1ULL << 30;
// The loader's exit status if it cannot start the program, as without one of its libraries.
constexpr int kNotStarted = 127;

// Adds the libraries that the program at `elf` needs, and those that they need.
template <typename Add>
Status add_libraries_of(const ElfFile& elf, const std::string& tool, std::set<std::string>& known, const Add& add) {
  XAAS_ASSIGN(const ElfDynamic dynamic, elf.dynamic());
  for (const std::string& soname : dynamic.needed) {
    if (!known.insert(soname).second) continue;
    const auto path = find_host_library(soname, host_triple());
    if (!path) return fail(Code::not_found, "{} needs {}, which this host lacks", tool, soname);
    XAAS_ASSIGN(std::string content, read_file(*path, kLargestTool));
    XAAS_ASSIGN(const ElfFile library, ElfFile::parse(content));
    XAAS_TRY(add_libraries_of(library, tool, known, add));
    add(soname, std::move(content));
  }
  return {};
}

// The line that says why a tool of CUDA failed. Others, as of ptxas -v, may stand above it.
std::string_view first_error(std::string_view messages) {
  for (const std::string_view line : split(messages, '\n')) {
    if (line.find(" error ") != line.npos || line.find(" fatal ") != line.npos) return line;
  }
  return messages.substr(0, messages.find('\n'));
}

// Whether a tool says that a file, which may be a temporary one, cannot be opened or written.
bool fails_with_file(std::string_view line) {
  return line.find("ould not open") != line.npos || line.find("ould not write") != line.npos;
}

}  // namespace

Result<CudaTool> CudaTool::open(const fs::path& path) {
  CudaTool tool;
  tool.path_ = path;
  XAAS_ASSIGN(std::string program, read_file(path, kLargestTool));
  tool.digest_ = Digest::of(program);
  XAAS_ASSIGN(const ElfFile elf, ElfFile::parse(program));
  const auto interpreter = elf.interpreter();
  if (!interpreter) return fail(Code::unsupported, "{} is no dynamically linked program", path.string());
  XAAS_ASSIGN(const std::string loader, read_file(std::string(*interpreter), kLargestTool));
  XAAS_ASSIGN(tool.loader_, WorkerProgram::from_bytes(loader));
  std::set<std::string> known = {fs::path(*interpreter).filename().string()};
  XAAS_TRY(add_libraries_of(elf, path.string(), known, [&](const std::string& soname, std::string content) {
    tool.files_.push_back({fmt::format("{}/{}", kToolLibraries, soname), std::move(content)});
  }));
  tool.files_.push_back({path.filename().string(), std::move(program)});
  return tool;
}

// The loader is the program that is started, because the kernel would look for it in the scratch directory, and
// Landlock would not let it be executed there.
Result<std::string> CudaTool::run(const std::vector<std::string>& arguments, const std::vector<Input>& inputs,
                                  const std::string& output, const fs::path& scratch,
                                  const std::stop_token& stop) const {
  XAAS_ASSIGN(const TempDirectory directory, TempDirectory::create(scratch));
  XAAS_TRY(create_private_directory(directory.path() / kToolLibraries));
  for (const File& file : files_) XAAS_TRY(create_private_file(directory.path() / file.name, file.content));
  for (const Input& input : inputs) XAAS_TRY(create_private_file(directory.path() / input.name, input.content));
  std::vector<std::string> words = {"ld.so", "--inhibit-cache", "--library-path", kToolLibraries,
                                    fmt::format("./{}", path_.filename().string())};
  words.insert(words.end(), arguments.begin(), arguments.end());
  XAAS_ASSIGN(const ConfinedResult result, run_confined(*loader_, words, directory.path(), {.stop = stop}));
  const std::string name = path_.filename().string();
  if (!result.ok()) {
    const std::string_view line = first_error(result.messages);
    const bool is_refusal = result.code != kNotStarted && line.find(output) == line.npos && !fails_with_file(line);
    if (is_refusal) return fail(Code::invalid, "{}", printable(line));
    return fail(Code::failed, "{} does not work here: {}", name, printable(line));
  }
  const Fd file(::open((directory.path() / output).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!file.valid()) return fail_errno("cannot open what the program made");
  XAAS_ASSIGN(std::string cubin, read_fd(file.get(), kLargestOutput));
  if (const auto elf = ElfFile::parse(cubin); !elf) {
    return fail(Code::failed, "{} has made no whole cubin: {}", name, elf.error().message);
  }
  return cubin;
}

}  // namespace xaas
