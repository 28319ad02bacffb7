// Replacing the prefix; see moved_prefix.h.
#include "format/moved_prefix.h"

#include <algorithm>
#include <utility>

namespace xaas {
namespace {

// Long enough for the paths of shared file systems, short enough for "#!" lines and for arrays in which programs keep
// paths. Spack pads its prefixes to as many bytes.
constexpr std::size_t kPlaceholderLength = 128;
constexpr std::string_view kPlaceholderStart = "/xaas-movable-prefix/";

}  // namespace

std::string placeholder_prefix() {
  std::string prefix(kPlaceholderStart);
  prefix.append(kPlaceholderLength - prefix.size(), '_');
  return prefix;
}

MovedPrefix::MovedPrefix(std::string from, std::string to) : from_(std::move(from)), to_(std::move(to)), padded_(to_) {
  padded_.resize(from_.size(), '/');
}

std::uint64_t MovedPrefix::size(const PrefixPlaces& places, std::uint64_t stored) const {
  return stored - places.list.size() * (from_.size() - shown(places).size());
}

// Includes the tail.
std::uint64_t MovedPrefix::shown_size(const PrefixPlaces& places, std::size_t number) const {
  return shown(places).size() + places.list[number].tail.value_or(0);
}

// The shown file is a row of pieces: stored bytes, a place, stored bytes, ...
Status MovedPrefix::read(const PrefixPlaces& places, std::uint64_t offset, std::span<std::byte> into,
                         const Read& stored) const {
  const std::uint64_t shorter = from_.size() - shown(places).size();
  // Place number i is shown at its offset - i * shorter. This search finds the first place that does not end before
  // `offset`.
  std::size_t next = 0;
  for (std::size_t count = places.list.size(); count > 0;) {
    const std::size_t half = count / 2;
    const std::uint64_t begin = places.list[next + half].offset - (next + half) * shorter;
    if (begin + shown_size(places, next + half) <= offset) {
      next += half + 1;
      count -= half + 1;
    } else {
      count = half;
    }
  }
  while (!into.empty()) {
    const std::uint64_t place =
        next < places.list.size() ? places.list[next].offset - next * shorter : offset + into.size();
    std::size_t length = 0;
    if (offset < place) {
      length = static_cast<std::size_t>(std::min<std::uint64_t>(into.size(), place - offset));
      XAAS_TRY(stored(offset + next * shorter, into.first(length)));
    } else {
      XAAS_ASSIGN(length, read_place(places, next, offset - place, into, stored));
      if (offset - place + length == shown_size(places, next)) ++next;
    }
    offset += length;
    into = into.subspan(length);
  }
  return {};
}

// Reads from byte `begin` of a shown place to the end of one of its parts: the path, the tail, the NULs. Returns the
// number of bytes.
Result<std::size_t> MovedPrefix::read_place(const PrefixPlaces& places, std::size_t number, std::uint64_t begin,
                                            std::span<std::byte> into, const Read& stored) const {
  const PrefixPlace& place = places.list[number];
  const std::string& path = place.tail ? to_ : shown(places);
  const auto part_until = [&](std::uint64_t end) {
    return into.first(static_cast<std::size_t>(std::min<std::uint64_t>(into.size(), end - begin)));
  };
  if (begin < path.size()) {
    const std::span<std::byte> part = part_until(path.size());
    std::ranges::copy(std::as_bytes(std::span(path)).subspan(static_cast<std::size_t>(begin), part.size()),
                      part.begin());
    return part.size();
  }
  const std::uint64_t tail_end = path.size() + place.tail.value_or(0);
  if (begin < tail_end) {
    const std::span<std::byte> part = part_until(tail_end);
    XAAS_TRY(stored(place.offset + from_.size() + (begin - path.size()), part));
    return part.size();
  }
  const std::span<std::byte> part = part_until(shown_size(places, number));
  std::ranges::fill(part, std::byte{0});
  return part.size();
}

std::string MovedPrefix::replace(std::string_view text) const {
  std::string result;
  for (std::size_t found = text.find(from_); found != std::string_view::npos; found = text.find(from_)) {
    result += text.substr(0, found);
    result += to_;
    text.remove_prefix(found + from_.size());
  }
  return result.append(text);
}

}  // namespace xaas
