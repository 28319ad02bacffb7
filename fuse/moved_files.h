// Files in which the prefix stands, except those that are lowered. They are shown as if they had been built for the
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
  // `prefix` is none if the prefix is shown as it is. Then nothing moves.
  MovedFiles(const Image& image, std::optional<MovedPrefix> prefix) : image_(image), prefix_(std::move(prefix)) {}

  bool moves() const { return prefix_.has_value(); }
  // Where the prefix stands in a file. There are no places if nothing moves.
  Result<PrefixPlaces> places(const FileRecord& record) const;
  // Remembers the places of a file as long as this object lives.
  void add(InodeRef ref, PrefixPlaces places);
  bool contains(InodeRef ref) const { return find(ref) != nullptr; }

  // The size of the shown file, if the image has `stored` bytes of it.
  std::uint64_t size(InodeRef ref, std::uint64_t stored) const;
  // Reads bytes of the shown file. Returns fewer than asked for only at the end.
  Result<std::size_t> read(InodeRef ref, std::uint64_t offset, std::span<std::byte> into) const;
  // The same for other content that has the prefix at `places`. REQUIRES: the bytes lie within the shown content.
  Status read(const PrefixPlaces& places, std::uint64_t offset, std::span<std::byte> into,
              const MovedPrefix::Read& stored) const;
  // The target of a symbolic link, as it is shown.
  std::string target(std::string stored) const;
  // Reads bytes as the image has them. Code::invalid when there are fewer.
  Status read_stored(InodeRef ref, std::uint64_t offset, std::span<std::byte> into) const;

 private:
  const PrefixPlaces* find(InodeRef ref) const;

  const Image& image_;
  const std::optional<MovedPrefix> prefix_;
  mutable std::shared_mutex files_mutex_;
  std::unordered_map<InodeRef, PrefixPlaces> files_;  // entries are never removed
};

}  // namespace xaas
