// See mpi_probe.h.
#include "lower/source_build/mpi_probe.h"

#include <algorithm>
#include <chrono>
#include <string_view>
#include <vector>

#include "format/base/elf_file.h"
#include "format/base/file.h"
#include "format/base/mapped_file.h"
#include "format/base/search_path.h"
#include "format/base/split.h"
#include "lower/bounded_run.h"
#include "lower/host_library.h"
#include "lower/system/libraries.h"

namespace xaas {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::milliseconds kProbeLimit(30000);
// The preprocessor leaves the name of the family in the last line. It is in quotes, because MPICH is a macro too.
constexpr std::string_view kHeaderProbe = R"(#include <mpi.h>
#if defined(OMPI_MAJOR_VERSION)
xaas_family "Open MPI"
#elif defined(MPICH_VERSION) || defined(MPICH_NUMVERSION) || defined(I_MPI_VERSION)
xaas_family "MPICH"
#endif
)";
constexpr std::string_view kLinkProbe = "#include <mpi.h>\nint main(void) { return MPI_Init(0, 0); }\n";

// What a compiler prints may be more than the probe keeps, so it goes into files.
Status run_probe(const Surroundings& surroundings, const fs::path& directory, const std::string& command) {
  const Variables environment = {{"LC_ALL", "C"}, {"PATH", surroundings.variable("PATH")}};
  const std::string script = "cd \"$0\" && " + command + " >output 2>errors";
  const auto done = bounded_run({"/bin/sh", "-c", script, directory.string()}, environment, kProbeLimit);
  if (done) return {};
  constexpr std::uint64_t kMostErrors = 1 << 20;
  const std::string errors = read_file(directory / "errors", kMostErrors).value_or("");
  const std::string line = errors.substr(0, errors.find('\n'));
  return fail(Code::failed, "{}", line.empty() ? done.error().message : line);
}

// The value of the last line that begins with the word.
std::string value_behind(std::string_view text, std::string_view word) {
  std::string value;
  for_each_piece(text, '\n', [&](std::string_view line) {
    if (line.starts_with(word) && line.size() > word.size()) value = line.substr(word.size() + 1);
  });
  std::erase(value, '"');
  return value;
}

std::vector<fs::path> loader_directories(const Surroundings& surroundings, const ElfDynamic& dynamic) {
  std::vector<fs::path> directories = absolute_directories(dynamic.runpath.value_or(dynamic.rpath.value_or("")));
  for (const fs::path& directory : surroundings.directories("LD_LIBRARY_PATH")) {
    directories.push_back(surroundings.at(directory));
  }
  for (const fs::path& directory : library_directories_below(surroundings.root, surroundings.triple)) {
    directories.push_back(surroundings.at(directory));
  }
  return directories;
}

Status find_linked(const Surroundings& surroundings, const fs::path& program, MpiProbe& probe) {
  XAAS_ASSIGN(const MappedFile file, MappedFile::open(program));
  XAAS_ASSIGN(const ElfFile elf, ElfFile::parse(file.bytes()));
  XAAS_ASSIGN(const ElfDynamic dynamic, elf.dynamic());
  for (const std::string& soname : dynamic.needed) {
    if (!soname.starts_with("libmpi")) continue;
    const auto found = find_host_library(soname, surroundings.triple, loader_directories(surroundings, dynamic));
    if (!found) return fail(Code::not_found, "it links with {}, which the dynamic loader does not find", soname);
    if (mpi_family(*found).empty()) continue;  // such as libmpi_cxx, which stands beside the library
    probe.soname = soname;
    probe.library = *found;
    return {};
  }
  return fail(Code::not_found, "it links with no library of MPI");
}

}  // namespace

Result<MpiProbe> probe_mpi(const Surroundings& surroundings, const std::string& wrapper) {
  XAAS_ASSIGN(const TempDirectory scratch, TempDirectory::create(fs::temp_directory_path()));
  const std::string suffix = wrapper.find("cc") != std::string::npos ? ".c" : ".cc";
  XAAS_TRY(write_file(scratch.path() / ("header" + suffix), kHeaderProbe));
  XAAS_TRY(write_file(scratch.path() / ("link" + suffix), kLinkProbe));
  MpiProbe probe;
  XAAS_TRY(run_probe(surroundings, scratch.path(), wrapper + " -E header" + suffix));
  XAAS_ASSIGN(const std::string text, read_file(scratch.path() / "output"));
  probe.header_family = value_behind(text, "xaas_family");
  XAAS_TRY(run_probe(surroundings, scratch.path(), wrapper + " link" + suffix + " -o linked"));
  XAAS_TRY(find_linked(surroundings, scratch.path() / "linked", probe));
  return probe;
}

}  // namespace xaas
