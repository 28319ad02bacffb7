// Searches in a window of the file; see prefix_finder.h.
#include "format/prefix_finder.h"

#include <algorithm>

#include "format/base/file.h"
#include "format/program_strings.h"
#include "format/string_mark.h"

namespace xaas {

void PrefixFinder::add(std::string_view piece) {
  has_nul_ = has_nul_ || piece.find('\0') != std::string_view::npos;
  window_ += piece;
  search(Input::more);
}

PrefixPlaces PrefixFinder::take() {
  search(Input::ended);
  return {std::move(places_), !has_nul_};
}

// Keeps in the window what more input may complete to a place, or to a tail.
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

// Whether more input may show that the string is marked. The string goes on at `tail`.
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
  // The plugin does not mark such a string: the end of the string could belong to either of the two places.
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

}  // namespace xaas
