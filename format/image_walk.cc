// Walks the tree of an image; see image_walk.h.
#include "format/image_walk.h"

#include <sys/stat.h>

#include <unordered_set>

namespace xaas {
namespace {

// A directory being visited. Kept on a stack of our own, so that the depth of an image is no matter of ours.
struct Level {
  std::string path;  // with a trailing '/', but for the root
  std::vector<DirectoryEntry> entries;
  std::size_t next = 0;
};

}  // namespace

Status walk(const SquashfsReader& reader, std::string_view from, const Visit& visit) {
  while (from.ends_with('/')) from.remove_suffix(1);
  while (from.starts_with('/')) from.remove_prefix(1);
  std::unordered_set<InodeRef> seen;
  std::vector<Level> levels;
  const auto enter = [&](InodeRef directory, std::string path) -> Status {
    if (!seen.insert(directory).second) {
      return fail(Code::invalid, "{}: the directory appears in two places: the image is damaged", printable(path));
    }
    if (!path.empty()) path += '/';
    XAAS_ASSIGN(auto entries, reader.list(directory));
    levels.push_back({.path = std::move(path), .entries = std::move(entries)});
    return {};
  };
  XAAS_ASSIGN(const InodeRef start, reader.resolve(from));
  XAAS_TRY(enter(start, std::string(from)));
  while (!levels.empty()) {
    Level& level = levels.back();
    if (level.next == level.entries.size()) {
      levels.pop_back();
      continue;
    }
    const DirectoryEntry entry = std::move(level.entries[level.next++]);
    const std::string path = level.path + entry.name;
    XAAS_TRY(visit(path, entry));
    if (S_ISDIR(entry.type)) XAAS_TRY(enter(entry.ref, path));
  }
  return {};
}

std::string printable(std::string_view path) {
  std::string text;
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7F || c == '\\') {
      text += fmt::format("\\{:03o}", byte);
    } else {
      text += c;
    }
  }
  return text;
}

}  // namespace xaas
