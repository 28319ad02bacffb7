// Walks and hashes a source tree; see source_tree.h.
#include "format/whole_source.h"

#include <sys/stat.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "format/base/file.h"

namespace xaas {
namespace {

namespace fs = std::filesystem;

Result<Digest> hash_of(const fs::path& path, std::uint64_t size) {
  XAAS_ASSIGN(const Fd file, open_for_reading(path));
  auto digest = Digest::of_file(file.get(), size);
  if (!digest) return fail(digest.error().code, "{}: {}", path.string(), digest.error().message);
  return digest;
}

// Nullopt for anything that a source tree does not record.
Result<std::optional<SourceEntry>> read_entry(const fs::path& path) {
  struct stat status{};
  if (lstat(path.c_str(), &status) != 0) return fail_errno(fmt::format("cannot read {}", path.string()));
  SourceEntry entry;
  if (S_ISDIR(status.st_mode)) {
    entry.kind = SourceKind::directory;
    return entry;
  }
  if (S_ISLNK(status.st_mode)) {
    std::error_code error;
    entry.kind = SourceKind::link;
    entry.link_target = fs::read_symlink(path, error).string();
    if (error) return fail(Code::io, "cannot read {}: {}", path.string(), error.message());
    return entry;
  }
  if (!S_ISREG(status.st_mode)) return std::nullopt;
  entry.is_executable = (status.st_mode & S_IXUSR) != 0;
  entry.size = static_cast<std::uint64_t>(status.st_size);
  XAAS_ASSIGN(entry.sha256, hash_of(path, entry.size));
  return entry;
}

// An entry as the digest has it. No path has a NUL, which ends it.
std::string record_of(const SourceEntry& entry) {
  switch (entry.kind) {
    case SourceKind::directory:
      return fmt::format("d {}", entry.path);
    case SourceKind::link:
      return fmt::format("l {} {}", Digest::of(entry.link_target).hex(), entry.path);
    case SourceKind::file:
      break;
  }
  return fmt::format("{} {} {}", entry.is_executable ? 'x' : 'f', entry.sha256.hex(), entry.path);
}

}  // namespace

Result<WholeSource> read_whole_source(const fs::path& root) {
  WholeSource tree;
  tree.root = root;
  std::error_code error;
  for (fs::recursive_directory_iterator at(root, error), end; !error && at != end; at.increment(error)) {
    XAAS_ASSIGN(auto entry, read_entry(at->path()));
    if (!entry) continue;
    entry->path = at->path().lexically_relative(root).string();
    tree.files += entry->kind == SourceKind::file ? 1 : 0;
    tree.bytes += entry->size;
    tree.entries.push_back(std::move(*entry));
  }
  if (error) return fail(Code::io, "cannot list {}: {}", root.string(), error.message());
  std::ranges::sort(tree.entries, {}, &SourceEntry::path);
  Sha256 hash;
  for (const SourceEntry& entry : tree.entries) {
    hash.update(record_of(entry));
    hash.update(std::string_view("\0", 1));
  }
  tree.digest = hash.finish();
  return tree;
}

}  // namespace xaas
