// See surroundings.h.
#include "lower/surroundings.h"

#include <algorithm>

#include "format/base/file.h"
#include "format/base/split.h"
#include "lower/target.h"

extern char** environ;  // NOLINT(readability-redundant-declaration): POSIX leaves it to us

namespace xaas {
namespace fs = std::filesystem;

fs::path Surroundings::shown(const fs::path& path) const {
  const fs::path relative = path.lexically_relative(root);
  return relative.empty() || *relative.begin() == ".." ? path : "/" / relative;
}

std::string Surroundings::variable(std::string_view name) const {
  const auto found = environment.find(name);
  return found == environment.end() ? "" : found->second;
}

std::vector<fs::path> Surroundings::directories(std::string_view name) const {
  std::vector<fs::path> result;
  for_each_piece(variable(name), ':', [&](std::string_view piece) {
    if (piece.starts_with('/') && std::ranges::find(result, fs::path(piece)) == result.end())
      result.emplace_back(piece);
  });
  return result;
}

Surroundings surroundings_here() {
  Surroundings here;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const std::size_t equals = text.find('=');
    if (equals != std::string_view::npos)
      here.environment[std::string(text.substr(0, equals))] = text.substr(equals + 1);
  }
  here.triple = host_triple();
  return here;
}

std::vector<std::string> names_in(const fs::path& directory) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator entry(directory, error), end; !error && entry != end; entry.increment(error)) {
    names.push_back(entry->path().filename().string());
  }
  std::ranges::sort(names);
  return names;
}

std::string first_line_of(const fs::path& file) {
  constexpr std::uint64_t kLimit = 1 << 20;
  std::string text = read_file(file, kLimit).value_or("");
  text.resize(std::min(text.find('\n'), text.size()));
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

}  // namespace xaas
