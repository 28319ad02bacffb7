// See read_ahead.h.
#include "fuse/read_ahead.h"

#include <algorithm>
#include <deque>
#include <filesystem>
#include <iterator>
#include <optional>
#include <span>
#include <string_view>

#include "format/base/search_path.h"
#include "lower/elf_needs.h"
#include "lower/library_search.h"

namespace xaas {
namespace {

// A start reads little of a large file, and nobody knows where. So only files up to this size are read.
constexpr std::uint64_t kLargestFile = 8 << 20;
constexpr std::uint64_t kMostOfLibraries = 16 << 20;  // bytes, of all libraries of a program

// The path in the image of a library, where the dynamic loader finds it by the rpath of `user`.
std::optional<std::string> find_by_rpath(const Image& image, const std::string& user, const std::string& rpath,
                                         const std::string& soname) {
  const std::filesystem::path origin = std::filesystem::path("/" + user).parent_path();
  for (const std::filesystem::path& directory : search_path(rpath, origin)) {
    const std::filesystem::path path = (directory / soname).lexically_normal().relative_path();
    if (auto found = follow_in_image(image, path.string())) return found;
  }
  return std::nullopt;
}

}  // namespace

void ReadAhead::begin_libraries_of(std::string path) {
  pool_.submit([this, program = std::move(path)] {
    if (known_.insert(program).second) read_libraries_of(program);
  });
}

void ReadAhead::begin(InodeRef file) {
  pool_.submit([this, file] { read(file, kLargestFile); });
}

void ReadAhead::read_libraries_of(const std::string& program) {
  std::uint64_t left = kMostOfLibraries;
  const std::vector<std::string> first = new_libraries(program);
  for (std::deque<std::string> unread(first.begin(), first.end()); !unread.empty(); unread.pop_front()) {
    const auto file = served_(unread.front());
    if (!file) continue;
    left -= read(*file, std::min(left, kLargestFile));
    std::ranges::copy(new_libraries(unread.front()), std::back_inserter(unread));
  }
}

// The libraries that `user` needs, and that were not known before.
std::vector<std::string> ReadAhead::new_libraries(const std::string& user) {
  const auto file = served_(user);
  if (!file) return {};
  const auto needs = read_elf_needs(
      [&](std::uint64_t offset, std::span<std::byte> into) { return image_.squashfs().read(*file, offset, into); });
  if (!needs) return {};
  std::vector<std::string> libraries;
  for (const std::string& soname : needs->sonames) {
    auto path = find_by_rpath(image_, user, needs->rpath, soname);
    if (path && known_.insert(*path).second) libraries.push_back(std::move(*path));
  }
  return libraries;
}

// Reads a file of at most `most` bytes. Returns how many it has read.
std::uint64_t ReadAhead::read(InodeRef file, std::uint64_t most) {
  const auto attributes = image_.squashfs().stat(file);
  if (!attributes || attributes->size > most) return 0;
  const auto ignore = [](std::string_view /*piece*/) -> Status { return {}; };
  return image_.squashfs().read_pieces(file, ignore) ? attributes->size : 0;
}

}  // namespace xaas
