// Finds and reads libraries of the image and of the host; see library_search.h.
#include "lower/library_search.h"

#include <sys/stat.h>

#include <array>
#include <deque>
#include <filesystem>
#include <span>
#include <utility>

#include "format/base/search_path.h"
#include "format/base/split.h"
#include "format/base/text.h"
#include "lower/elf_needs.h"
#include "lower/host_library.h"

namespace xaas {
namespace fs = std::filesystem;
namespace {

constexpr int kMaxSymlinks = 40;
constexpr std::uint64_t kLibraryLimit = 4ULL << 30;

void push_front(std::deque<std::string>& components, const fs::path& path) {
  std::deque<std::string> added;
  for (const fs::path& component : path.relative_path()) {
    if (!component.empty() && component != ".") added.push_back(component.string());
  }
  components.insert(components.begin(), added.begin(), added.end());
}

// The path from the root of the image to which an absolute symlink leads. Nullopt if it leads out of the image.
std::optional<fs::path> in_prefix(const Image& image, const fs::path& target) {
  fs::path relative = target.lexically_relative(image.manifest().prefix);
  if (relative.empty() || *relative.begin() == "..") return std::nullopt;
  return relative;
}

bool is_plain_name(std::string_view name) {
  return !name.empty() && name != "." && name != ".." && name.find('/') == std::string_view::npos;
}

Result<std::string> read_unindexed(const Image& image, std::string_view path) {
  XAAS_ASSIGN(const InodeRef ref, image.squashfs().resolve(path));
  return image.squashfs().read_all(ref, kLibraryLimit);
}

// The library at `path` in the image, or nullopt.
Result<std::optional<FoundLibrary>> look_in_image(const Image& image, std::string_view soname, const fs::path& path) {
  const auto file = follow_in_image(image, path.string());
  if (!file) return std::nullopt;
  FoundLibrary library{.soname = std::string(soname), .identity = {}, .path = *file, .in_image = true};
  XAAS_ASSIGN(const auto record, image.files().find(*file));
  if (record) {
    library.is_indexed = true;
    library.identity = record->sha256.to_string();
  } else {
    XAAS_ASSIGN(const std::string content, read_unindexed(image, *file));
    library.identity = Digest::of(content).to_string();
  }
  return library;
}

// Where a file of the image looks for libraries by itself; empty if it does not say.
std::string rpath_of(const Image& image, std::string_view user) {
  const auto file = image.squashfs().resolve(user);
  if (!file) return {};
  const auto needs = read_elf_needs(
      [&](std::uint64_t offset, std::span<std::byte> into) { return image.squashfs().read(*file, offset, into); });
  return needs ? needs->rpath : std::string();
}

// Whether the library is one of libc's, which no image has. Most programs need no other library of the host.
bool is_of_libc(std::string_view soname) {
  static constexpr auto kSonames =
      std::to_array<std::string_view>({"libc.so.6", "libdl.so.2", "libm.so.6", "libpthread.so.0", "librt.so.1"});
  return is_in(kSonames, soname) || soname.starts_with("ld-linux");
}

std::string multiarch_directory(std::string_view triple) {
  return "lib/" + std::string(triple.substr(0, triple.find('-'))) + "-linux-gnu";
}

}  // namespace

std::optional<std::string> follow_in_image(const Image& image, std::string_view path) {
  const SquashfsReader& squashfs = image.squashfs();
  std::deque<std::string> left;
  push_front(left, path);
  fs::path walked;
  for (int symlinks = 0; !left.empty();) {
    const std::string component = std::exchange(left.front(), {});
    left.pop_front();
    if (component == "..") {
      if (walked.empty()) return std::nullopt;
      walked = walked.parent_path();
      continue;
    }
    const fs::path next = walked / component;
    const auto ref = squashfs.resolve(next.string());
    if (!ref) return std::nullopt;
    const auto attributes = squashfs.stat(*ref);
    if (!attributes) return std::nullopt;
    if (!S_ISLNK(attributes->mode)) {
      if (left.empty() && !S_ISREG(attributes->mode)) return std::nullopt;
      walked = next;
      continue;
    }
    const auto target = squashfs.read_link(*ref);
    if (!target || ++symlinks > kMaxSymlinks) return std::nullopt;
    if (!target->starts_with('/')) {
      push_front(left, *target);
      continue;
    }
    const auto inside = in_prefix(image, *target);
    if (!inside) return std::nullopt;
    walked.clear();
    push_front(left, fs::path(tree_root_of(path)) / *inside);
  }
  return walked.empty() ? std::nullopt : std::optional(walked.string());
}

std::optional<std::string> find_along_rpath(const Image& image, std::string_view soname, std::string_view user,
                                            std::string_view rpath) {
  const fs::path origin = fs::path("/" + std::string(user)).parent_path();
  for (const std::string_view part : split(rpath, ':')) {
    const bool is_relative = part.starts_with("$ORIGIN") || part.starts_with("${ORIGIN}");
    for (const fs::path& directory : search_path(part, origin)) {
      const fs::path place = directory.lexically_normal();
      std::optional<fs::path> inside = is_relative ? place.relative_path() : in_prefix(image, place);
      if (inside && !is_relative) inside = fs::path(tree_root_of(user)) / *inside;
      auto found = inside ? follow_in_image(image, (*inside / soname).string()) : std::nullopt;
      if (found) return found;
    }
  }
  return std::nullopt;
}

Result<FoundLibrary> find_library(const Image& image, std::string_view soname, std::string_view user,
                                  const std::vector<std::string>& toolchain_libraries, std::string_view triple,
                                  const HostView& host) {
  if (!is_plain_name(soname)) return fail(Code::invalid, "'{}' is no name of a library", soname);
  const fs::path beside = fs::path(user).parent_path();
  const fs::path root = tree_root_of(user);
  std::vector<fs::path> directories = {root / "lib", root / "lib64", root / multiarch_directory(triple), beside};
  directories.insert(directories.end(), toolchain_libraries.begin(), toolchain_libraries.end());
  for (const fs::path& directory : directories) {
    XAAS_ASSIGN(auto found, look_in_image(image, soname, directory / soname));
    if (found) return std::move(*found);
  }
  const std::string rpath = is_of_libc(soname) ? std::string() : rpath_of(image, user);
  if (const auto path = find_along_rpath(image, soname, user, rpath)) {
    XAAS_ASSIGN(auto found, look_in_image(image, soname, *path));
    if (found) return std::move(*found);
  }
  if (const auto path = host.find_library(soname, triple)) {
    FoundLibrary library{.soname = std::string(soname), .identity = {}, .path = path->string(), .in_image = false};
    XAAS_ASSIGN(library.identity, host.library_identity(soname, triple));
    return library;
  }
  // Files that were built on this host name directories of it.
  if (&host == this_host().get()) {
    if (const auto path = find_host_library(soname, triple, absolute_directories(rpath))) {
      FoundLibrary library{.soname = std::string(soname), .identity = {}, .path = path->string(), .in_image = false};
      XAAS_ASSIGN(library.identity, identify_library(*path));
      return library;
    }
  }
  return fail(Code::not_found, "the library {}, which {} needs, is neither in the image nor on {}: install it", soname,
              path_in_tree(user), host.name());
}

Result<std::string> read_library(const Image& image, const FoundLibrary& library, const HostView& host) {
  if (!library.in_image) return host.library_content(library.path, library.identity);
  XAAS_ASSIGN(std::string content, read_unindexed(image, library.path));
  if (Digest::of(content).to_string() != library.identity) {
    return fail(Code::invalid, "{} in {} is damaged: fetch the image again", library.path, image.path().string());
  }
  return content;
}

}  // namespace xaas
