// Reads /etc/ld.so.conf and looks for shared libraries; see host_library.h.
#include "lower/host_library.h"

#include <glob.h>

#include <algorithm>
#include <string>

#include "format/base/elf_file.h"
#include "format/base/file.h"
#include "format/base/mapped_file.h"
#include "lower/elf_identity.h"

namespace xaas {
namespace fs = std::filesystem;
namespace {

constexpr int kMaxIncludes = 8;  // nested
constexpr std::uint64_t kConfigurationLimit = 1 << 20;

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

void read_configuration(const fs::path& path, int depth, std::vector<fs::path>& directories) {
  const auto text = read_file(path, kConfigurationLimit);
  if (!text || depth > kMaxIncludes) return;
  for (std::size_t begin = 0; begin < text->size();) {
    const std::size_t end = std::min(text->find('\n', begin), text->size());
    const std::string_view line = trim(std::string_view(*text).substr(begin, end - begin));
    begin = end + 1;
    if (line.starts_with("include ") || line.starts_with("include\t")) {
      const fs::path pattern = path.parent_path() / trim(line.substr(8));  // an absolute pattern stays as it is
      for (const fs::path& included : expand(pattern.string())) read_configuration(included, depth + 1, directories);
    } else if (line.starts_with('/')) {
      directories.emplace_back(line);
    }
  }
}

// "x86_64-linux-gnu": the triple without its vendor.
std::string multiarch(std::string_view triple) {
  const std::size_t first = triple.find('-');
  const std::size_t last_two = triple.rfind('-', triple.rfind('-') - 1);
  if (first == std::string_view::npos || last_two == std::string_view::npos) return std::string(triple);
  return std::string(triple.substr(0, first)) + std::string(triple.substr(last_two));
}

bool is_library_for(const fs::path& path, std::string_view triple) {
  const auto file = open_for_reading(path);
  if (!file) return false;
  const auto identity = read_elf_identity(file->get());
  return identity && is_elf_for(*identity, triple);
}

}  // namespace

std::vector<fs::path> host_library_directories(const fs::path& configuration, std::string_view triple) {
  std::vector<fs::path> directories;
  read_configuration(configuration, 0, directories);
  const std::string name = multiarch(triple);
  for (const fs::path& directory : {fs::path("/lib") / name, fs::path("/usr/lib") / name, fs::path("/lib64"),
                                    fs::path("/usr/lib64"), fs::path("/lib"), fs::path("/usr/lib")}) {
    directories.push_back(directory);
  }
  return directories;
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

std::optional<std::vector<std::string>> host_library_versions(std::string_view soname, std::string_view triple) {
  const auto path = find_host_library(soname, triple);
  const auto file = path ? MappedFile::open(*path) : fail(Code::not_found, "there is no {}", soname);
  if (!file) return std::nullopt;
  const auto elf = ElfFile::parse(file->bytes());
  auto dynamic = elf ? elf->dynamic() : tl::unexpected(elf.error());
  return dynamic ? std::optional(std::move(dynamic->defined_versions)) : std::nullopt;
}

bool host_libc_has(std::string_view version, std::string_view triple) {
  const auto versions = host_library_versions("libc.so.6", triple);
  return !versions || std::ranges::find(*versions, version) != versions->end();
}

}  // namespace xaas
