// Finding and replacing the prefix; see moved_prefix.h.
#include "format/moved_prefix.h"

#include <algorithm>
#include <utility>

#include "format/file.h"
#include "format/program_strings.h"
#include "format/string_mark.h"

namespace xaas {
namespace {

// Long enough for the paths of shared file systems, short enough for "#!" lines and for arrays that programs keep paths
// in. Spack pads its prefixes to as much.
constexpr std::size_t kPlaceholderLength = 128;
constexpr std::string_view kPlaceholderStart = "/xaas-movable-prefix/";

}  // namespace

std::string placeholder_prefix() {
  std::string prefix(kPlaceholderStart);
  prefix.append(kPlaceholderLength - prefix.size(), '_');
  return prefix;
}

void PrefixFinder::add(std::string_view piece) {
  has_nul_ = has_nul_ || piece.find('\0') != std::string_view::npos;
  window_ += piece;
  search(Input::more);
}

PrefixPlaces PrefixFinder::take() {
  search(Input::ended);
  return {std::move(places_), !has_nul_};
}

// Leaves in the window what more input may make a place, or give a tail.
void PrefixFinder::search(Input input) {
  std::size_t at = 0;
  std::size_t found = window_.find(prefix_);
  for (; found != std::string::npos; found = window_.find(prefix_, at)) {
    const std::size_t behind = found + prefix_.size();
    if (input == Input::more && is_undecided(behind)) break;
    const auto tail = marked_tail(behind);
    places_.push_back({window_begin_ + found, tail});
    at = behind + tail.value_or(0);
  }
  const std::size_t kept =
      found != std::string::npos ? window_.size() - found : std::min(window_.size() - at, prefix_.size() - 1);
  window_begin_ += window_.size() - kept;
  window_.erase(0, window_.size() - kept);
}

// Whether the string that goes on at `tail` may still turn out to be marked.
bool PrefixFinder::is_undecided(std::size_t tail) const {
  const std::string_view rest = std::string_view(window_).substr(tail);
  const std::size_t end = rest.find('\0');
  if (end == std::string_view::npos) return rest.size() <= kMaxTail;
  const std::string_view mark = rest.substr(end + 1, kStringMark.size());
  return end <= kMaxTail && mark.size() < kStringMark.size() && kStringMark.starts_with(mark);
}

std::optional<std::uint32_t> PrefixFinder::marked_tail(std::size_t tail) const {
  const std::string_view rest = std::string_view(window_).substr(tail);
  const std::size_t end = rest.find('\0');
  if (end > kMaxTail || !rest.substr(end + 1).starts_with(kStringMark)) return std::nullopt;
  // Not what the plugin marks: nobody can say which of the two the string's end belongs to.
  if (rest.substr(0, end).find(prefix_) != std::string_view::npos) return std::nullopt;
  return static_cast<std::uint32_t>(end);
}

Result<PrefixPlaces> find_prefix(int fd, std::uint64_t size, const std::string& prefix) {
  PrefixFinder finder(prefix);
  XAAS_TRY(read_pieces(fd, size, [&](std::string_view piece) -> Status {
    finder.add(piece);
    return {};
  }));
  PrefixPlaces places = finder.take();
  XAAS_TRY(unify_strings(fd, size, prefix.size(), places));
  return places;
}

MovedPrefix::MovedPrefix(std::string from, std::string to) : from_(std::move(from)), to_(std::move(to)), padded_(to_) {
  padded_.resize(from_.size(), '/');
}

std::uint64_t MovedPrefix::size(const PrefixPlaces& places, std::uint64_t stored) const {
  return stored - places.list.size() * (from_.size() - shown(places).size());
}

// With the tail.
std::uint64_t MovedPrefix::shown_size(const PrefixPlaces& places, std::size_t number) const {
  return shown(places).size() + places.list[number].tail.value_or(0);
}

// The file as it is shown is a row of pieces: stored bytes, a place, stored bytes, ...
Status MovedPrefix::read(const PrefixPlaces& places, std::uint64_t offset, std::span<std::byte> into,
                         const Read& stored) const {
  const std::uint64_t shorter = from_.size() - shown(places).size();
  // Place number i is shown at its offset - i * shorter; the first that does not end before `offset`:
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

// What is shown from `begin` of a place on, up to the end of one of its parts: the path, the tail, NULs. Returns its
// length.
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
