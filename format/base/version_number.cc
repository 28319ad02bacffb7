// See version_number.h.
#include "format/base/version_number.h"

#include <algorithm>
#include <vector>

#include "format/base/split.h"

namespace xaas {
namespace {

bool is_version_digit(char c) { return c >= '0' && c <= '9'; }

// A number as text that compares as the number does, however long it is.
struct VersionPart {
  std::string_view digits;  // without zeros in front
  bool operator<(const VersionPart& other) const {
    if (digits.size() != other.digits.size()) return digits.size() < other.digits.size();
    return digits < other.digits;
  }
};

std::vector<VersionPart> parts_of(std::string_view version) {
  std::vector<VersionPart> parts;
  for_each_piece(version, '.', [&](std::string_view piece) {
    piece.remove_prefix(std::min(piece.find_first_not_of('0'), piece.size()));
    parts.push_back({piece});
  });
  return parts;
}

}  // namespace

std::string_view leading_version(std::string_view text) {
  std::size_t size = 0;
  while (size < text.size() && (is_version_digit(text[size]) || (text[size] == '.' && size > 0))) ++size;
  while (size > 0 && text[size - 1] == '.') --size;
  return text.substr(0, size);
}

std::string first_version(std::string_view text) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (!is_version_digit(text[at])) continue;
    const std::string_view version = leading_version(text.substr(at));
    if (version.find('.') != std::string_view::npos) return std::string(version);
    at += version.size();
  }
  return {};
}

bool is_at_least(std::string_view version, std::string_view least) {
  std::vector<VersionPart> have = parts_of(version);
  std::vector<VersionPart> want = parts_of(least);
  have.resize(std::max(have.size(), want.size()));
  want.resize(have.size());
  return !std::lexicographical_compare(have.begin(), have.end(), want.begin(), want.end());
}

}  // namespace xaas
