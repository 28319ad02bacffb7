// Compares symbol versions; see runtime_libraries.h.
#include "lower/runtime_libraries.h"

#include <algorithm>
#include <filesystem>

#include "format/base/elf_file.h"
#include "format/base/text.h"
#include "lower/configuration.h"
#include "lower/host_library.h"

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

// `libc` holds the versions that the host's libc defines; nullopt if not known.
bool runs_with(const ElfDynamic& library, const std::optional<std::vector<std::string>>& libc) {
  return !libc || std::ranges::all_of(library.needed_versions, [&](const std::string& version) {
    return !version.starts_with(kLibcVersion) || contains_all(*libc, {version});
  });
}

bool host_has_all_of(const ElfDynamic& library, const std::string& soname, std::string_view triple) {
  const auto versions = host_library_versions(soname, triple);
  return versions && contains_all(*versions, library.defined_versions);
}

}  // namespace

std::string runtime_directory(const Image& image) {
  std::string directory =
      fmt::format("{}/{}/{}", kToolchainDirectory, lowering_triple(image.manifest()), kRuntimeLibraries);
  return image.squashfs().resolve(directory) ? directory : std::string();
}

bool uses_runtime_of(const Image& image) {
  const std::string directory = runtime_directory(image);
  if (directory.empty()) return false;
  const auto ref = image.squashfs().resolve(directory);
  const auto entries = ref ? image.squashfs().list(*ref) : tl::unexpected(ref.error());
  if (!entries) return false;
  const std::string triple = lowering_triple(image.manifest());
  const auto libc = host_library_versions("libc.so.6", triple);
  bool has_newer = false;
  for (const DirectoryEntry& entry : *entries) {
    const auto content = image.file(fmt::format("{}/{}", directory, entry.name));
    if (!content) return false;
    const ElfDynamic library = dynamic_of(*content);
    if (!runs_with(library, libc)) return false;
    has_newer = has_newer || !host_has_all_of(library, entry.name, triple);
  }
  return has_newer;
}

std::string hidden_directory(const Image& image) {
  return uses_runtime_of(image) ? std::string() : runtime_directory(image);
}

std::vector<std::string> toolchain_libraries(const Image& image) {
  const std::string toolchain = toolchain_directory(image.manifest());
  if (toolchain.empty()) return {};
  std::vector<std::string> directories = {fmt::format("{}/{}", toolchain, kBundledLibraries)};
  if (uses_runtime_of(image)) directories.push_back(runtime_directory(image));
  return directories;
}

}  // namespace xaas
