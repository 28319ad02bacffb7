// See read_ahead.h.
#include "fuse/read_ahead.h"

#include <algorithm>
#include <deque>
#include <iterator>
#include <ranges>
#include <span>
#include <string_view>

#include "lower/elf_needs.h"
#include "lower/library_search.h"

namespace xaas {
namespace {

// A start reads little of a large file, and nobody knows where. So only files up to this size are read.
constexpr std::uint64_t kLargestFile = 8 << 20;
constexpr std::uint64_t kMostOfLibraries = 16 << 20;  // bytes, of all libraries of a program
constexpr std::size_t kMostLibraries = 256;           // of a program, also those that one file may name

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
  const std::vector<std::string> first = new_libraries(program, served_(program));
  std::deque<std::string> unread(first.begin(), first.end());
  for (std::size_t count = 0; !unread.empty() && count < kMostLibraries && left > 0; ++count, unread.pop_front()) {
    const auto served = served_(unread.front());
    if (served) left -= read(*served, std::min(left, kLargestFile));
    std::ranges::copy(new_libraries(unread.front(), served), std::back_inserter(unread));
  }
}

// The libraries that `user` needs, and that were not known before. They are read from the file that is served, whose
// blocks are needed anyway; else from the baseline, which needs what the lowered file needs.
std::vector<std::string> ReadAhead::new_libraries(const std::string& user, const Result<InodeRef>& served) {
  const auto file = served ? served : image_.squashfs().resolve(user);
  if (!file || stop_.stop_requested()) return {};
  const auto needs = read_elf_needs(
      [&](std::uint64_t offset, std::span<std::byte> into) { return image_.squashfs().read(*file, offset, into); });
  if (!needs) return {};
  std::vector<std::string> libraries;
  for (const std::string& soname : needs->sonames | std::views::take(kMostLibraries)) {
    if (stop_.stop_requested()) return {};
    auto path = find_along_rpath(image_, soname, user, needs->rpath);
    if (path && known_.insert(*path).second) libraries.push_back(std::move(*path));
  }
  return libraries;
}

// Reads a file of at most `most` bytes. Returns how many it has read.
std::uint64_t ReadAhead::read(InodeRef file, std::uint64_t most) {
  const auto attributes = image_.squashfs().stat(file);
  if (!attributes || attributes->size > most || stop_.stop_requested()) return 0;
  const auto ignore = [](std::string_view /*piece*/) -> Status { return {}; };
  return image_.squashfs().read_pieces(file, ignore) ? attributes->size : 0;
}

}  // namespace xaas
