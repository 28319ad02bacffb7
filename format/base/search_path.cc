// See search_path.h.
#include "format/base/search_path.h"

#include <cstddef>
#include <string>

#include "format/base/split.h"

namespace xaas {

std::vector<std::filesystem::path> search_path(std::string_view rpath, const std::filesystem::path& origin) {
  std::vector<std::filesystem::path> directories;
  for (const std::string_view part : split(rpath, ':')) {
    std::string directory(part);
    for (const std::string_view token : {"$ORIGIN", "${ORIGIN}"}) {
      if (const std::size_t at = directory.find(token); at != std::string::npos) {
        directory.replace(at, token.size(), origin.string());
      }
    }
    if (!directory.empty()) directories.emplace_back(directory);
  }
  return directories;
}

std::vector<std::filesystem::path> absolute_directories(std::string_view list) {
  std::vector<std::filesystem::path> directories;
  for_each_piece(list, ':', [&](std::string_view piece) {
    if (piece.starts_with('/')) directories.emplace_back(piece);
  });
  return directories;
}

}  // namespace xaas
