// Walks the tree of an image; see image_walk.h.
#include "format/image_walk.h"

#include <sys/stat.h>

#include <unordered_set>

#include "format/base/paths.h"

namespace xaas {
namespace {

// A directory that is being visited. The levels are on a stack of our own, so that a deep image cannot exhaust the
// stack of the thread.
struct OpenDirectory {
  std::string path;  // with a trailing '/', except for the root
  std::vector<DirectoryEntry> entries;
  std::size_t next = 0;
};

}  // namespace

Status walk(const SquashfsReader& reader, std::string_view from, const Visit& visit) {
  std::unordered_set<InodeRef> seen;
  std::vector<OpenDirectory> levels;
  const auto enter = [&](InodeRef directory, std::string path) -> Status {
    if (!seen.insert(directory).second) {
      return fail(Code::invalid, "{}: the directory appears in two places: the image is damaged", path);
    }
    if (!path.empty()) path += '/';
    XAAS_ASSIGN(auto entries, reader.list(directory));
    levels.push_back({.path = std::move(path), .entries = std::move(entries)});
    return {};
  };
  XAAS_ASSIGN(const InodeRef start, reader.resolve(from));
  XAAS_TRY(enter(start, without_extra_slashes(from)));
  while (!levels.empty()) {
    OpenDirectory& level = levels.back();
    if (level.next == level.entries.size()) {
      levels.pop_back();
      continue;
    }
    const DirectoryEntry entry = std::move(level.entries[level.next++]);
    const std::string path = level.path + entry.name;
    if (path.size() > kMaxPath) {
      return fail(Code::invalid, "{}...: a path of more than {} bytes: the image is damaged", path.substr(0, 64),
                  kMaxPath);
    }
    XAAS_TRY(visit(path, entry));
    if (S_ISDIR(entry.type)) XAAS_TRY(enter(entry.ref, path));
  }
  return {};
}

}  // namespace xaas
