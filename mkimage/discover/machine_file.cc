// See machine_file.h.
#include "mkimage/discover/machine_file.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "format/base/text.h"
#include "mkimage/discover/names.h"

namespace xaas {
namespace {

// Words in the names of files for a usual machine, the best first.
constexpr auto kUsual = std::to_array<std::string_view>(
    {"EXAMPLE", "TEMPLATE", "SAMPLE", "DEFAULT", "DEFAULTS", "GENERIC", "GNU", "GCC", "GFORTRAN", "LINUX", "UBUNTU"});

// How usual the machine is that `label` names, 0 the most; the number of words if it is none.
std::size_t rank_of(const std::string& label) {
  const std::vector<std::string> words = name_words(label);
  const auto usual = std::ranges::find_if(kUsual, [&](std::string_view word) { return is_in(words, word); });
  return static_cast<std::size_t>(usual - kUsual.begin());
}

// The file of a usual machine whose name is `name` with a text in the place of kAnyText; nullopt if there is none.
std::optional<std::string> usual_file(const SourceTree& tree, const std::string& directory, const std::string& name) {
  const std::size_t any = name.find(kAnyText);
  const std::string begin = name.substr(0, any);
  const std::string end = name.substr(any + 1);
  if ((begin.empty() && end.empty()) || end.find(kAnyText) != std::string::npos) return std::nullopt;
  std::optional<std::string> best;
  std::size_t best_rank = kUsual.size();
  for (const std::string& file : tree.files_in(directory)) {
    const bool fits = file.size() > begin.size() + end.size() && file.starts_with(begin) && file.ends_with(end);
    const std::size_t rank =
        fits ? rank_of(file.substr(begin.size(), file.size() - begin.size() - end.size())) : best_rank;
    if (rank >= best_rank) continue;
    best_rank = rank;
    best = directory.empty() ? file : directory + "/" + file;
  }
  return best;
}

}  // namespace

std::optional<std::string> find_machine_file(const SourceTree& tree, const std::string& path) {
  const bool is_whole = path.find(kAnyText) == std::string::npos;
  if (is_whole && tree.has_file(path)) return path;
  const std::string directory = directory_of(path);
  const std::string name = path.substr(directory.empty() ? 0 : directory.size() + 1);
  if (directory.find(kAnyText) != std::string::npos) return std::nullopt;
  if (!is_whole) return usual_file(tree, directory, name);
  if (auto file = usual_file(tree, directory, name + kAnyText)) return file;
  const std::size_t dot = name.rfind('.');
  return dot == std::string::npos ? std::nullopt
                                  : usual_file(tree, directory, name.substr(0, dot + 1) + kAnyText + name.substr(dot));
}

}  // namespace xaas
