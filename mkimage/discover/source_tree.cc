// See source_tree.h.
#include "mkimage/discover/source_tree.h"

#include <algorithm>

#include "format/base/file.h"
#include "format/base/text.h"

namespace xaas {
namespace {

constexpr std::uint64_t kMaxSourceFile = 4ULL << 20;
constexpr std::uint64_t kMaxSourceBytes = 256ULL << 20;
constexpr std::size_t kMaxNames = 10000;
constexpr std::size_t kMaxTreePath = 4095;

bool is_same_or_below(const std::filesystem::path& path, const std::filesystem::path& root) {
  return std::mismatch(root.begin(), root.end(), path.begin(), path.end()).first == root.end();
}

}  // namespace

Result<SourceTree> SourceTree::open(const std::filesystem::path& root) {
  std::error_code error;
  std::filesystem::path real = std::filesystem::canonical(root, error);
  if (error) return fail(Code::not_found, "cannot read the source {}: {}", root.string(), error.message());
  if (!std::filesystem::is_directory(real, error)) {
    return fail(Code::invalid, "the source {} is no directory; unpack it first", root.string());
  }
  return SourceTree(std::move(real));
}

// The canonical place of a path, or nullopt if nothing is there or it lies outside of the tree.
std::optional<std::filesystem::path> SourceTree::resolve(const std::string& path) const {
  if (path.size() > kMaxTreePath || path.find('\0') != std::string::npos) return std::nullopt;
  std::error_code error;
  std::filesystem::path real = std::filesystem::canonical(root_ / path, error);
  if (error || !is_same_or_below(real, root_)) return std::nullopt;
  return real;
}

bool SourceTree::has_file(const std::string& path) const {
  const auto real = resolve(path);
  std::error_code error;
  return real && std::filesystem::is_regular_file(*real, error);
}

bool SourceTree::has_directory(const std::string& path) const {
  const auto real = resolve(path);
  std::error_code error;
  return real && std::filesystem::is_directory(*real, error);
}

const std::string* SourceTree::read(const std::string& path) {
  auto found = texts_.find(path);
  if (found == texts_.end()) found = texts_.emplace(path, load(path)).first;
  return found->second ? &*found->second : nullptr;
}

std::optional<std::string> SourceTree::load(const std::string& path) {
  const auto real = resolve(path);
  std::error_code error;
  if (!real || !std::filesystem::is_regular_file(*real, error)) return std::nullopt;
  const std::uint64_t limit = std::min(kMaxSourceFile, kMaxSourceBytes - bytes_);
  auto text = read_file(*real, limit);
  if (!text) {
    notes_.push_back(printable(path) + " was not read: it is too large, or cannot be opened");
    return std::nullopt;
  }
  bytes_ += text->size();
  if (text->find('\0') != std::string::npos) {
    notes_.push_back(printable(path) + " was not read: it is no text");
    return std::nullopt;
  }
  return std::move(*text);
}

std::vector<std::string> SourceTree::names_in(const std::string& path, bool directories) const {
  std::vector<std::string> names;
  const auto real = resolve(path);
  if (!real) return names;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(*real, error), end; !error && entry != end; entry.increment(error)) {
    std::error_code ignored;
    const bool is_wanted =
        directories ? entry->is_directory(ignored) && !entry->is_symlink(ignored) : entry->is_regular_file(ignored);
    if (is_wanted) names.push_back(entry->path().filename().string());
    if (names.size() >= kMaxNames) break;
  }
  std::ranges::sort(names);
  return names;
}

std::vector<std::string> SourceTree::files_in(const std::string& path) const { return names_in(path, false); }

std::vector<std::string> SourceTree::directories_in(const std::string& path) const {
  std::vector<std::string> names = names_in(path, true);
  std::erase_if(names, [](const std::string& name) { return name.starts_with('.'); });
  return names;
}

std::string directory_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? "" : path.substr(0, slash);
}

std::optional<std::string> path_in_tree(std::string_view directory, std::string_view path) {
  if (path.size() > kMaxTreePath || path.find('\0') != std::string_view::npos) return std::nullopt;
  const std::filesystem::path joined = (std::filesystem::path(directory) / path).lexically_normal();
  std::string text = joined.string();
  while (text.ends_with('/')) text.pop_back();
  if (text == ".") text.clear();
  if (joined.is_absolute() || text == ".." || text.starts_with("../")) return std::nullopt;
  return text;
}

}  // namespace xaas
