// Shows an image at another prefix. Programs have the path at which they will be installed in compiled strings. An
// image that was built for a placeholder shows, wherever the placeholder stands, the directory at which it is mounted.
// Implements spec/image-format.md, section "Prefix".
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "format/base/error.h"

namespace xaas {

// The name of the `incompat` feature of an image whose prefix is a placeholder.
inline constexpr std::string_view kMovablePrefix = "movable-prefix";

// An absolute path that occurs nowhere else, as long as the longest mountpoint that binary files can name. It is the
// same for every image, so that equal files stay equal.
std::string placeholder_prefix();

// One place at which the prefix stands.
struct PrefixPlace {
  std::uint64_t offset = 0;
  // If the string is shortened, the number of bytes behind the prefix, before the NUL. None: the new path is filled up,
  // and nothing moves.
  std::optional<std::uint32_t> tail{};
  bool operator==(const PrefixPlace&) const = default;
};

// All places at which the prefix stands in a file.
struct PrefixPlaces {
  std::vector<PrefixPlace> list{};  // ascending; with their tails they do not overlap
  bool text = false;                // the file's length may change; no place has a tail
};

// Shows files as if they had been built for another prefix. Immutable, thread-safe.
//
// In text the new path replaces the old one. Every other file keeps its length, because lengths and positions are
// compiled in: the new path is filled up with '/', which means nothing in a path. At a place with a tail, the tail
// follows the new path instead, and NULs fill the bytes that become free behind it.
class MovedPrefix {
 public:
  using Read = std::function<Status(std::uint64_t offset, std::span<std::byte> into)>;

  // REQUIRES: both paths are absolute and do not end with '/'; fits(from, to).
  MovedPrefix(std::string from, std::string to);
  static bool fits(std::string_view from, std::string_view to) { return to.size() <= from.size(); }

  const std::string& from() const { return from_; }
  const std::string& to() const { return to_; }
  // The size of the shown file, if the stored file has `stored` bytes.
  std::uint64_t size(const PrefixPlaces& places, std::uint64_t stored) const;
  // Fills `into` with the bytes at `offset` of the shown file. `stored` reads the stored file. REQUIRES: the bytes that
  // are asked for lie within size().
  Status read(const PrefixPlaces& places, std::uint64_t offset, std::span<std::byte> into, const Read& stored) const;
  // Replaces every occurrence of the prefix in a path or a text.
  std::string replace(std::string_view text) const;

 private:
  const std::string& shown(const PrefixPlaces& places) const { return places.text ? to_ : padded_; }
  std::uint64_t shown_size(const PrefixPlaces& places, std::size_t number) const;
  Result<std::size_t> read_place(const PrefixPlaces& places, std::size_t number, std::uint64_t begin,
                                 std::span<std::byte> into, const Read& stored) const;

  std::string from_;
  std::string to_;
  std::string padded_;  // to_, filled up to the length of from_
};

}  // namespace xaas
