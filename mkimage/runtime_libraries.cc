// Bundling with patchelf, and what is left to the host; see runtime_libraries.h.
#include "mkimage/runtime_libraries.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <set>

#include "format/image.h"
#include "mkimage/elf_file.h"
#include "mkimage/mapped_file.h"
#include "mkimage/process.h"

namespace xaas {
namespace {

namespace fs = std::filesystem;

constexpr std::array kRuntimes = {"libomp.so.5"};
constexpr std::string_view kLibcVersion = "GLIBC_";

// The dynamic section of a file, or nullopt when it has none.
Result<std::optional<ElfDynamic>> dynamic_of(const fs::path& path) {
  XAAS_ASSIGN(const MappedFile file, MappedFile::open(path));
  if (!ElfFile::is_elf(file.bytes())) return std::nullopt;
  const auto elf = ElfFile::parse(file.bytes());
  if (!elf || !elf->is_dynamic() || elf->is_debug_only()) return std::nullopt;
  auto dynamic = elf->dynamic();
  if (!dynamic) return fail(dynamic.error().code, "{}: {}", path.string(), dynamic.error().message);
  return std::move(*dynamic);
}

// Every name by which the tree provides a library.
std::set<std::string> provided_names(const InstalledTree& tree) {
  std::set<std::string> names;
  for (const TreeEntry& entry : tree.entries) names.insert(fs::path(entry.path).filename().string());
  return names;
}

Result<fs::path> find_runtime(const std::string& soname, const std::vector<LinkRecord>& links,
                              const std::string& compiler) {
  for (const LinkRecord& link : links) {
    for (const RecordedArgument& argument : link.arguments) {
      const auto* library = std::get_if<RecordedLibrary>(&argument);
      if (library != nullptr && library->soname == soname && fs::path(library->path).is_absolute() &&
          fs::exists(library->path)) {
        return fs::path(library->path);
      }
    }
  }
  XAAS_ASSIGN(const ProcessOutput answer, run_and_read({compiler, "-print-file-name=" + soname}));
  const fs::path path = answer.output.substr(0, answer.output.find('\n'));
  if (path.is_absolute() && fs::exists(path)) return path;
  return fail(Code::not_found, "the image needs {}, which is not on this machine; install the package that has it",
              soname);
}

Status append_rpath(const fs::path& path, const ElfDynamic& dynamic, const std::string& directory) {
  const std::string before = dynamic.runpath.value_or(dynamic.rpath.value_or(""));
  XAAS_ASSIGN(const WritableFile writable, WritableFile::make(path));
  XAAS_ASSIGN(const ProcessOutput result,
              run_and_read({"patchelf", "--force-rpath", "--set-rpath",
                            before.empty() ? directory : fmt::format("{}:{}", before, directory), path.string()}));
  if (result.status.ok()) return {};
  return fail(Code::failed, "patchelf cannot set the rpath of {}: {}", path.string(),
              result.error.substr(0, result.error.find('\n')));
}

// "GLIBC_2.3.4" -> {2, 3, 4}; empty for what is no version number.
std::vector<unsigned> version_numbers(std::string_view version) {
  std::vector<unsigned> numbers;
  if (!version.starts_with(kLibcVersion)) return numbers;
  const char* at = version.data() + kLibcVersion.size();
  const char* const end = version.data() + version.size();
  while (true) {
    unsigned number = 0;
    const auto result = std::from_chars(at, end, number);
    if (result.ec != std::errc()) return {};
    numbers.push_back(number);
    if (result.ptr == end) return numbers;
    if (*result.ptr != '.') return {};
    at = result.ptr + 1;
  }
}

}  // namespace

Result<RuntimeLibraries> bundle_runtime_libraries(const InstalledTree& tree, const std::vector<LinkRecord>& links,
                                                  const std::string& compiler, const std::string& triple) {
  const std::set<std::string> provided = provided_names(tree);
  const fs::path directory = fs::path(kToolchainDirectory) / triple / "lib";
  RuntimeLibraries bundled;
  for (const TreeEntry& entry : tree.entries) {
    if (!entry.is_first_file()) continue;
    XAAS_ASSIGN(const auto dynamic, dynamic_of(tree.path_of(entry)));
    if (!dynamic) continue;
    bool needs_directory = false;
    for (const std::string soname : kRuntimes) {
      if (provided.contains(soname) || std::ranges::find(dynamic->needed, soname) == dynamic->needed.end()) continue;
      XAAS_ASSIGN(bundled[(directory / soname).string()], find_runtime(soname, links, compiler));
      needs_directory = true;
    }
    if (!needs_directory) continue;
    const fs::path relative = directory.lexically_relative(fs::path(entry.path).parent_path());
    const fs::path from_origin = fs::path("$ORIGIN") / (relative.empty() ? directory : relative);
    XAAS_TRY(append_rpath(tree.path_of(entry), *dynamic, from_origin.string()));
  }
  return bundled;
}

Result<HostNeeds> host_needs(const InstalledTree& tree, const RuntimeLibraries& bundled) {
  std::set<std::string> provided = provided_names(tree);
  for (const auto& [path, file] : bundled) provided.insert(fs::path(path).filename().string());
  std::vector<fs::path> files;
  for (const TreeEntry& entry : tree.entries) {
    if (entry.is_first_file()) files.push_back(tree.path_of(entry));
  }
  for (const auto& [path, file] : bundled) files.push_back(file);

  HostNeeds needs;
  std::set<std::string> libraries;
  for (const fs::path& file : files) {
    XAAS_ASSIGN(const auto dynamic, dynamic_of(file));
    if (!dynamic) continue;
    libraries.insert(dynamic->needed.begin(), dynamic->needed.end());
    for (const std::string& version : dynamic->needed_versions) {
      if (version_numbers(version) > version_numbers(needs.libc_floor)) needs.libc_floor = version;
    }
  }
  std::ranges::set_difference(libraries, provided, std::back_inserter(needs.libraries));
  return needs;
}

}  // namespace xaas
