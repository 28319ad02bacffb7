// Reads /etc/ld.so.conf and looks for shared libraries; see host_library.h.
#include "lower/host_library.h"

#include <glob.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <set>
#include <string>
#include <utility>

#include "format/base/digest.h"
#include "format/base/elf_file.h"
#include "format/base/file.h"
#include "format/base/mapped_file.h"
#include "lower/elf_identity.h"

namespace xaas {
namespace fs = std::filesystem;
namespace {

constexpr int kMaxIncludes = 8;  // nested
constexpr std::uint64_t kConfigurationLimit = 1 << 20;
constexpr std::uint64_t kContentLimit = 4ULL << 30;

std::string_view trim(std::string_view text) {
  text = text.substr(0, text.find('#'));
  const std::size_t first = text.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

std::vector<fs::path> expand(const std::string& pattern) {
  glob_t found{};
  std::vector<fs::path> paths;
  // NOLINTNEXTLINE(concurrency-mt-unsafe): it is unsafe with GLOB_TILDE only
  if (glob(pattern.c_str(), 0, nullptr, &found) == 0) paths.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  globfree(&found);
  return paths;
}

// Reads the file `path` of the system below `root`. An absolute path in it is one of that system.
void read_configuration(const fs::path& root, const fs::path& path, int depth, std::vector<fs::path>& directories) {
  const auto text = read_file(path, kConfigurationLimit);
  if (!text || depth > kMaxIncludes) return;
  for (std::size_t begin = 0; begin < text->size();) {
    const std::size_t end = std::min(text->find('\n', begin), text->size());
    const std::string_view line = trim(std::string_view(*text).substr(begin, end - begin));
    begin = end + 1;
    if (line.starts_with("include ") || line.starts_with("include\t")) {
      const fs::path named(trim(line.substr(8)));
      const fs::path pattern = named.is_absolute() ? root / named.relative_path() : path.parent_path() / named;
      for (const fs::path& included : expand(pattern.string())) {
        read_configuration(root, included, depth + 1, directories);
      }
    } else if (line.starts_with('/')) {
      directories.emplace_back(line);
    }
  }
}

bool is_library_for(const fs::path& path, std::string_view triple) {
  const auto file = open_for_reading(path);
  if (!file) return false;
  const auto identity = read_elf_identity(file->get());
  return identity && is_elf_for(*identity, triple);
}

// The directories of the configuration, then the default ones.
std::vector<fs::path> with_defaults(const fs::path& root, const fs::path& configuration, std::string_view triple) {
  std::vector<fs::path> directories;
  read_configuration(root, configuration, 0, directories);
  const std::string name = multiarch_name(triple);
  for (const fs::path& directory : {fs::path("/lib") / name, fs::path("/usr/lib") / name, fs::path("/lib64"),
                                    fs::path("/usr/lib64"), fs::path("/lib"), fs::path("/usr/lib")}) {
    directories.push_back(directory);
  }
  return directories;
}

// The file position moves.
Result<std::string> identify(int file) {
  XAAS_ASSIGN(const ElfIdentity identity, read_elf_identity(file));
  if (!identity.build_id.empty()) return "build-id:" + identity.build_id;
  XAAS_ASSIGN(const Digest digest, Digest::of_file(file));
  return digest.to_string();
}

}  // namespace

std::string multiarch_name(std::string_view triple) {
  const std::size_t first = triple.find('-');
  const std::size_t last_two = triple.rfind('-', triple.rfind('-') - 1);
  if (first == std::string_view::npos || last_two == std::string_view::npos) return std::string(triple);
  return std::string(triple.substr(0, first)) + std::string(triple.substr(last_two));
}

std::vector<fs::path> host_library_directories(const fs::path& configuration, std::string_view triple) {
  return with_defaults("/", configuration, triple);
}

std::vector<fs::path> library_directories_below(const fs::path& root, std::string_view triple) {
  return with_defaults(root, root / "etc/ld.so.conf", triple);
}

std::optional<fs::path> find_host_library(std::string_view soname, std::string_view triple) {
  return find_host_library(soname, triple, host_library_directories(kLoaderConfiguration, triple));
}

std::optional<fs::path> find_host_library(std::string_view soname, std::string_view triple,
                                          const std::vector<fs::path>& directories) {
  if (soname.empty() || soname.find('/') != std::string_view::npos) return std::nullopt;
  for (const fs::path& directory : directories) {
    fs::path path = directory / soname;
    if (is_library_for(path, triple)) return path;
  }
  return std::nullopt;
}

std::vector<std::string> host_library_names(std::string_view triple) {
  std::set<std::string> names;
  for (const fs::path& directory : host_library_directories(kLoaderConfiguration, triple)) {
    std::error_code error;
    for (fs::directory_iterator entry(directory, error), end; !error && entry != end; entry.increment(error)) {
      std::string name = entry->path().filename().string();
      const bool is_candidate = name.ends_with(".so") || name.find(".so.") != std::string::npos;
      if (is_candidate && !names.contains(name) && is_library_for(entry->path(), triple)) names.insert(std::move(name));
    }
  }
  return {names.begin(), names.end()};
}

Result<std::string> identify_library(const fs::path& path) {
  XAAS_ASSIGN(const Fd file, open_for_reading(path));
  return identify(file.get());
}

Result<std::optional<std::string>> read_library_with(const fs::path& path, std::string_view identity) {
  XAAS_ASSIGN(const Fd file, open_for_reading(path));
  XAAS_ASSIGN(const std::string found, identify(file.get()));
  if (found != identity) return std::nullopt;
  if (lseek(file.get(), 0, SEEK_SET) != 0) return fail_errno(path.string());
  XAAS_ASSIGN(std::string content, read_fd(file.get(), kContentLimit));
  return content;
}

Result<LibraryInterface> library_interface(const ElfFile& elf) {
  XAAS_ASSIGN(ElfDynamic dynamic, elf.dynamic());
  XAAS_ASSIGN(const std::vector<ElfSymbol> symbols, elf.dynamic_symbols());
  std::set<std::string> exported;
  for (const ElfSymbol& symbol : symbols) {
    if (symbol.is_defined) exported.emplace(symbol.name);
  }
  return LibraryInterface{std::move(dynamic.defined_versions), std::vector(exported.begin(), exported.end())};
}

Result<std::vector<std::string>> read_library_versions(const fs::path& path) {
  XAAS_ASSIGN(const MappedFile file, MappedFile::open(path));
  XAAS_ASSIGN(const ElfFile elf, ElfFile::parse(file.bytes()));
  XAAS_ASSIGN(ElfDynamic dynamic, elf.dynamic());
  return std::move(dynamic.defined_versions);
}

Result<LibraryInterface> read_library_interface(const fs::path& path) {
  XAAS_ASSIGN(const MappedFile file, MappedFile::open(path));
  XAAS_ASSIGN(const ElfFile elf, ElfFile::parse(file.bytes()));
  return library_interface(elf);
}

}  // namespace xaas
