// Finding and replacing the prefix; see moved_prefix.h.
#include "format/moved_prefix.h"

#include <algorithm>
#include <utility>

#include "format/file.h"

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
  std::size_t at = 0;
  for (std::size_t found = window_.find(prefix_); found != std::string::npos; found = window_.find(prefix_, at)) {
    offsets_.push_back(window_begin_ + found);
    at = found + prefix_.size();
  }
  const std::size_t kept = std::min(window_.size() - at, prefix_.size() - 1);
  window_begin_ += window_.size() - kept;
  window_.erase(0, window_.size() - kept);
}

PrefixPlaces PrefixFinder::take() { return {std::move(offsets_), !has_nul_}; }

Result<PrefixPlaces> find_prefix(int fd, std::uint64_t size, const std::string& prefix) {
  PrefixFinder finder(prefix);
  XAAS_TRY(read_pieces(fd, size, [&](std::string_view piece) -> Status {
    finder.add(piece);
    return {};
  }));
  return finder.take();
}

MovedPrefix::MovedPrefix(std::string from, std::string to) : from_(std::move(from)), to_(std::move(to)), padded_(to_) {
  padded_.resize(from_.size(), '/');
}

std::uint64_t MovedPrefix::size(const PrefixPlaces& places, std::uint64_t stored) const {
  return stored - places.offsets.size() * (from_.size() - shown(places).size());
}

// The file as it is shown is a row of pieces: stored bytes, the new prefix, stored bytes, ...
Status MovedPrefix::read(const PrefixPlaces& places, std::uint64_t offset, std::span<std::byte> into,
                         const Read& stored) const {
  const std::string& prefix = shown(places);
  const std::uint64_t shorter = from_.size() - prefix.size();
  // Place number i is shown at offsets[i] - i * shorter; the first that does not end before `offset`:
  std::size_t next = 0;
  for (std::size_t count = places.offsets.size(); count > 0;) {
    const std::size_t half = count / 2;
    const std::uint64_t end = places.offsets[next + half] - (next + half) * shorter + prefix.size();
    if (end <= offset) {
      next += half + 1;
      count -= half + 1;
    } else {
      count = half;
    }
  }
  while (!into.empty()) {
    const std::uint64_t place =
        next < places.offsets.size() ? places.offsets[next] - next * shorter : offset + into.size();
    std::size_t length = 0;
    if (offset < place) {
      length = static_cast<std::size_t>(std::min<std::uint64_t>(into.size(), place - offset));
      XAAS_TRY(stored(offset + next * shorter, into.first(length)));
    } else {
      const std::size_t begin = static_cast<std::size_t>(offset - place);
      length = std::min(into.size(), prefix.size() - begin);
      std::ranges::copy(std::as_bytes(std::span(prefix)).subspan(begin, length), into.begin());
      if (begin + length == prefix.size()) ++next;
    }
    offset += length;
    into = into.subspan(length);
  }
  return {};
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
