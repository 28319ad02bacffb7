// Files, other than those to be lowered, in which the prefix stands: shown as if they had been built for the
// mountpoint. Implements spec/image-format.md, "Prefix".
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <shared_mutex>
#include <span>
#include <string>
#include <unordered_map>

#include "format/image.h"
#include "format/moved_prefix.h"

namespace xaas {

// Thread-safe. Borrows the image.
class MovedFiles {
 public:
  // `prefix`: none where the prefix is shown as it is; then no file moves.
  MovedFiles(const Image& image, std::optional<MovedPrefix> prefix) : image_(image), prefix_(std::move(prefix)) {}

  bool moves() const { return prefix_.has_value(); }
  // Where the prefix stands in a file; nowhere where nothing moves.
  Result<PrefixPlaces> places(const FileRecord& record) const;
  // Remembers the places of a file, for good.
  void add(InodeRef ref, PrefixPlaces places);
  bool contains(InodeRef ref) const { return find(ref) != nullptr; }

  // The size of a file that has `stored` bytes in the image.
  std::uint64_t size(InodeRef ref, std::uint64_t stored) const;
  // Bytes of a file as it is shown: short only at the end.
  Result<std::size_t> read(InodeRef ref, std::uint64_t offset, std::span<std::byte> into) const;
  // The same of other content with the prefix in it. REQUIRES: the bytes lie within it.
  Status read(const PrefixPlaces& places, std::uint64_t offset, std::span<std::byte> into,
              const MovedPrefix::Read& stored) const;
  // The target of a symbolic link.
  std::string target(std::string stored) const;
  // Bytes as the image has them. Code::invalid when there are fewer.
  Status read_stored(InodeRef ref, std::uint64_t offset, std::span<std::byte> into) const;

 private:
  const PrefixPlaces* find(InodeRef ref) const;

  const Image& image_;
  const std::optional<MovedPrefix> prefix_;
  mutable std::shared_mutex files_mutex_;
  std::unordered_map<InodeRef, PrefixPlaces> files_;  // never removed
};

}  // namespace xaas
