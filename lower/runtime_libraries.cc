// Compares symbol versions; see runtime_libraries.h.
#include "lower/runtime_libraries.h"

#include <algorithm>

#include "format/base/text.h"
#include "lower/configuration.h"

namespace xaas {
namespace {

bool contains_all(const std::vector<std::string>& all, const std::vector<std::string>& some) {
  return std::ranges::all_of(some, [&](const std::string& name) { return is_in(all, name); });
}

bool has_all_of(const HostView& host, const RuntimeLibrary& library) {
  const auto versions = host.library_versions(library.soname, library.triple);
  return versions && contains_all(*versions, library.defined_versions);
}

}  // namespace

std::string runtime_directory(const Image& image, const HostView& host) {
  std::string directory =
      fmt::format("{}/{}/{}", kToolchainDirectory, lowering_triple(image.manifest(), host), kRuntimeLibraries);
  return image.squashfs().resolve(directory) ? directory : std::string();
}

bool uses_runtime_of(const Image& image, const HostView& host) {
  const std::string triple = lowering_triple(image.manifest(), host);
  std::vector<RuntimeLibrary> libraries = image.manifest().runtime_libraries;
  std::erase_if(libraries, [&](const RuntimeLibrary& library) { return library.triple != triple; });
  if (std::ranges::all_of(libraries, [&](const RuntimeLibrary& library) { return has_all_of(host, library); })) {
    return false;
  }
  const auto libc = host.library_versions("libc.so.6", triple);
  return !libc || std::ranges::all_of(libraries, [&](const RuntimeLibrary& library) {
    return contains_all(*libc, library.libc_versions);
  });
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
  const std::string slots = fmt::format("{}/{}", toolchain, kSlotLibraries);
  const auto ref = image.squashfs().resolve(slots);
  const auto entries = ref ? image.squashfs().list(*ref) : tl::unexpected(ref.error());
  if (!entries) return directories;
  for (const DirectoryEntry& entry : *entries) directories.push_back(fmt::format("{}/{}", slots, entry.name));
  return directories;
}

}  // namespace xaas
