// See split.h.
#include "format/base/split.h"

namespace xaas {

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> pieces;
  for_each_piece(text, separator, [&](std::string_view piece) { pieces.push_back(piece); });
  return pieces;
}

}  // namespace xaas
