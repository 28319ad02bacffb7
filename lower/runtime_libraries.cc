// Compares symbol versions; see runtime_libraries.h.
#include "lower/runtime_libraries.h"

#include <algorithm>
#include <filesystem>

#include "format/base/elf_file.h"
#include "format/base/text.h"
#include "lower/configuration.h"

namespace xaas {
namespace {

constexpr std::string_view kLibcVersion = "GLIBC_";

// The dynamic section of an ELF file; empty if it cannot be parsed.
ElfDynamic dynamic_of(std::string_view bytes) {
  const auto elf = ElfFile::parse(bytes);
  auto dynamic = elf ? elf->dynamic() : tl::unexpected(elf.error());
  return dynamic ? std::move(*dynamic) : ElfDynamic{};
}

bool contains_all(const std::vector<std::string>& all, const std::vector<std::string>& some) {
  return std::ranges::all_of(some, [&](const std::string& name) { return is_in(all, name); });
}

// `libc` has the versions of the host's libc; nullopt if not known.
bool runs_with(const ElfDynamic& library, const std::optional<std::vector<std::string>>& libc) {
  return !libc || std::ranges::all_of(library.needed_versions, [&](const std::string& version) {
    return !version.starts_with(kLibcVersion) || is_in(*libc, version);
  });
}

bool has_all_of(const HostView& host, const ElfDynamic& library, const std::string& soname, std::string_view triple) {
  const auto versions = host.library_versions(soname, triple);
  return versions && contains_all(*versions, library.defined_versions);
}

}  // namespace

std::string runtime_directory(const Image& image, const HostView& host) {
  std::string directory =
      fmt::format("{}/{}/{}", kToolchainDirectory, lowering_triple(image.manifest(), host), kRuntimeLibraries);
  return image.squashfs().resolve(directory) ? directory : std::string();
}

bool uses_runtime_of(const Image& image, const HostView& host) {
  const std::string directory = runtime_directory(image, host);
  if (directory.empty()) return false;
  const auto ref = image.squashfs().resolve(directory);
  const auto entries = ref ? image.squashfs().list(*ref) : tl::unexpected(ref.error());
  if (!entries) return false;
  const std::string triple = lowering_triple(image.manifest(), host);
  const auto libc = host.library_versions("libc.so.6", triple);
  bool has_newer = false;
  for (const DirectoryEntry& entry : *entries) {
    const auto content = image.file(fmt::format("{}/{}", directory, entry.name));
    if (!content) return false;
    const ElfDynamic library = dynamic_of(*content);
    if (!runs_with(library, libc)) return false;
    has_newer = has_newer || !has_all_of(host, library, entry.name, triple);
  }
  return has_newer;
}

std::string hidden_directory(const Image& image, const HostView& host) {
  return uses_runtime_of(image, host) ? std::string() : runtime_directory(image, host);
}

std::vector<std::string> toolchain_libraries(const Image& image, const std::string& hidden, const HostView& host) {
  const std::string toolchain = toolchain_directory(image.manifest(), host);
  if (toolchain.empty()) return {};
  std::vector<std::string> directories = {fmt::format("{}/{}", toolchain, kBundledLibraries)};
  const std::string runtime = runtime_directory(image, host);
  if (!runtime.empty() && runtime != hidden) directories.push_back(runtime);
  return directories;
}

}  // namespace xaas
