// Programs compile the path they will be installed at into strings. An image that was built for a placeholder shows,
// wherever that stands, the directory at which it is mounted. Implements spec/image-format.md, section "Prefix".
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

// The name of the feature (`incompat`) of an image whose prefix is a placeholder.
inline constexpr std::string_view kMovablePrefix = "movable-prefix";

// An absolute path that nothing else contains, as long as the longest mountpoint that binary files can name. The same
// for every image, so that equal files stay equal.
std::string placeholder_prefix();

// Where the prefix stands once.
struct PrefixPlace {
  std::uint64_t offset = 0;
  // Of a string that is shortened: how many bytes it has behind the prefix, before its NUL. None: the new path is
  // filled up, and nothing moves.
  std::optional<std::uint32_t> tail{};
  bool operator==(const PrefixPlace&) const = default;
};

// Where the prefix stands in a file.
struct PrefixPlaces {
  std::vector<PrefixPlace> list{};  // ascending, not overlapping; the tails belong to them
  bool text = false;                // the file may change its length; no place has a tail
};

// Shows files as if they had been built for another prefix. Immutable, thread-safe.
//
// In text the new path takes the old one's place. Anything else keeps its length, because lengths and positions are
// compiled in: the new path is filled up with '/', which means nothing in a path. Where the place has a tail, the tail
// follows the new path instead, and NULs fill what becomes free behind it.
class MovedPrefix {
 public:
  using Read = std::function<Status(std::uint64_t offset, std::span<std::byte> into)>;

  // REQUIRES: both absolute, without '/' at the end; fits(from, to).
  MovedPrefix(std::string from, std::string to);
  static bool fits(std::string_view from, std::string_view to) { return to.size() <= from.size(); }

  const std::string& from() const { return from_; }
  const std::string& to() const { return to_; }
  // The size of a file of `stored` bytes as it is shown.
  std::uint64_t size(const PrefixPlaces& places, std::uint64_t stored) const;
  // Fills `into` with the bytes at `offset` of the file as it is shown; `stored` reads it as it is. REQUIRES: the bytes
  // asked for lie within size().
  Status read(const PrefixPlaces& places, std::uint64_t offset, std::span<std::byte> into, const Read& stored) const;
  // Every occurrence in a path or a text.
  std::string replace(std::string_view text) const;

 private:
  const std::string& shown(const PrefixPlaces& places) const { return places.text ? to_ : padded_; }
  std::uint64_t shown_size(const PrefixPlaces& places, std::size_t number) const;
  Result<std::size_t> read_place(const PrefixPlaces& places, std::size_t number, std::uint64_t begin,
                                 std::span<std::byte> into, const Read& stored) const;

  std::string from_;
  std::string to_;
  std::string padded_;  // to_, as long as from_
};

}  // namespace xaas
