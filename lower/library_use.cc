// Looks into libraries; see library_use.h.
#include "lower/library_use.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <functional>
#include <set>

#include "format/base/text.h"
#include "lower/host_library.h"

namespace xaas {
namespace {

constexpr std::uint64_t kElfLimit = 4ULL << 30;

}  // namespace

// The host's library was checked when it was chosen.
LibraryUse use_of(const FoundLibrary& library, const std::vector<SlotChoice>& slots) {
  if (library.in_image && library.path.find(fmt::format("/{}/", kSlotLibraries)) != std::string::npos) {
    for (const SlotChoice& slot : slots) {
      const auto found = slot.libraries.find(library.soname);
      if (found != slot.libraries.end()) return {library.soname, found->second.string(), false};
    }
  }
  return {library.soname, library.path, library.in_image};
}

Result<std::optional<std::string>> read_elf(const Image& image, const std::string& path) {
  XAAS_ASSIGN(const InodeRef ref, image.squashfs().resolve(path));
  std::array<std::byte, 4> magic{};
  XAAS_ASSIGN(const std::size_t size, image.squashfs().read(ref, 0, magic));
  if (!ElfFile::is_elf({reinterpret_cast<const char*>(magic.data()), size})) return std::nullopt;
  XAAS_ASSIGN(const auto record, image.files().find(path));
  if (record) return image.file(path);
  return image.squashfs().read_all(ref, kElfLimit);
}

const std::optional<LibraryInterface>& LibraryInterfaces::of(const LibraryUse& library) {
  const auto [place, is_new] = known_.emplace(std::pair(library.bundled, library.path), std::nullopt);
  if (is_new) place->second = read(library);
  return place->second;
}

std::optional<LibraryInterface> LibraryInterfaces::read(const LibraryUse& library) const {
  if (!library.bundled && host_.find_library(library.soname, triple_) == library.path) {
    return host_.library_interface(library.soname, triple_);
  }
  if (!library.bundled) {  // of this host: it stands in a slot, or a program's rpath names it
    auto exported = read_library_interface(library.path);
    return exported ? std::optional(std::move(*exported)) : std::nullopt;
  }
  const auto content = read_elf(image_, library.path);
  if (!content || !*content) return std::nullopt;
  const auto elf = ElfFile::parse(**content);
  auto exported = elf ? library_interface(*elf) : tl::unexpected(elf.error());
  return exported ? std::optional(std::move(*exported)) : std::nullopt;
}

Result<std::vector<std::string>> LibraryInterfaces::missing_versions(const ElfFile& elf,
                                                                     const std::vector<LibraryUse>& libraries) {
  std::set<std::string> missing;
  XAAS_ASSIGN(const auto needed, elf.needed_versions());
  for (const auto& [number, version] : needed) {
    const auto library = std::ranges::find(libraries, version.file, &LibraryUse::soname);
    if (library == libraries.end() || version.is_weak) continue;
    const auto& exported = of(*library);
    if (exported && !is_in(exported->versions, version.version)) missing.insert(version.version);
  }
  std::vector<std::string> versions(missing.begin(), missing.end());
  std::ranges::sort(versions, [](const auto& a, const auto& b) { return strverscmp(a.c_str(), b.c_str()) > 0; });
  return versions;
}

bool LibraryInterfaces::is_exported(std::string_view symbol, const std::vector<LibraryUse>& libraries) {
  return std::ranges::any_of(libraries, [&](const LibraryUse& library) {
    const auto& exported = of(library);
    return exported && exported->symbols && std::ranges::binary_search(*exported->symbols, symbol, std::less<>());
  });
}

}  // namespace xaas
