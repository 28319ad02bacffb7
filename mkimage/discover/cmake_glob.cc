// See cmake_glob.h.
#include "mkimage/discover/cmake_glob.h"

#include <fnmatch.h>

#include <algorithm>
#include <string_view>

#include "format/base/split.h"

namespace xaas {
namespace {

constexpr std::size_t kMaxMatches = 10000;

std::string joined_path(const std::string& directory, std::string_view name) {
  return directory.empty() ? std::string(name) : directory + "/" + std::string(name);
}

// Adds what a directory has by one part of a pattern.
void add_matches(const SourceTree& tree, const std::string& directory, const std::string& part,
                 std::vector<std::string>& matches) {
  if (part.find_first_of("*?[") == std::string::npos) {
    std::string path = joined_path(directory, part);
    if (tree.has_file(path) || tree.has_directory(path)) matches.push_back(std::move(path));
    return;
  }
  for (const auto& names : {tree.files_in(directory), tree.directories_in(directory)}) {
    for (const std::string& name : names) {
      if (matches.size() >= kMaxMatches) return;
      if (fnmatch(part.c_str(), name.c_str(), FNM_PERIOD) == 0) matches.push_back(joined_path(directory, name));
    }
  }
}

}  // namespace

std::vector<std::string> paths_that_match(const SourceTree& tree, const std::string& pattern) {
  std::vector<std::string> matches = {""};
  for_each_piece(pattern, '/', [&](std::string_view part) {
    std::vector<std::string> longer;
    for (const std::string& directory : matches) add_matches(tree, directory, std::string(part), longer);
    matches = std::move(longer);
  });
  std::ranges::sort(matches);
  return matches;
}

}  // namespace xaas
