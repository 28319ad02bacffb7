// Lists in text: the lines of a file, the directories of PATH, the words between commas.
#pragma once

#include <algorithm>
#include <string_view>
#include <vector>

namespace xaas {

// Calls `visit` with each piece of `text`. A piece ends at a `separator` or at the end of `text`. A separator at the
// very end adds no empty piece. The pieces are views into `text`.
void for_each_piece(std::string_view text, char separator, const auto& visit) {
  while (!text.empty()) {
    const std::string_view piece = text.substr(0, text.find(separator));
    visit(piece);
    text.remove_prefix(std::min(piece.size() + 1, text.size()));
  }
}

// All pieces that for_each_piece() visits.
std::vector<std::string_view> split(std::string_view text, char separator);

}  // namespace xaas
