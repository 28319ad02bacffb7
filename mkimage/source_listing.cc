// See source_listing.h.
#include "mkimage/source_listing.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>

#include "format/base/file.h"

namespace xaas {
namespace {

namespace fs = std::filesystem;

Result<std::string> describe(const fs::path& path) {
  struct stat status{};
  if (lstat(path.c_str(), &status) != 0) return fail_errno(fmt::format("cannot read {}", path.string()));
  if (S_ISDIR(status.st_mode)) return "directory";
  if (!S_ISREG(status.st_mode) && !S_ISLNK(status.st_mode)) return "";  // not copied
  return fmt::format("{:o} {} {}.{:09}", status.st_mode, status.st_size, status.st_mtim.tv_sec, status.st_mtim.tv_nsec);
}

Status copy_changed(const fs::path& from, const fs::path& to) {
  std::error_code error;
  if (fs::is_directory(fs::symlink_status(from, error))) {
    if (!fs::is_directory(fs::symlink_status(to, error))) remove_tree(to);
    fs::create_directories(to, error);
  } else {
    remove_tree(to);
    fs::create_directories(to.parent_path(), error);
    fs::copy(from, to, fs::copy_options::copy_symlinks, error);
  }
  if (error) return fail(Code::io, "cannot copy {}: {}", from.string(), error.message());
  return {};
}

}  // namespace

Result<SourceListing> list_source(const fs::path& source, const std::vector<fs::path>& without) {
  SourceListing listing;
  std::error_code error;
  for (fs::recursive_directory_iterator entry(source, error); !error && entry != fs::recursive_directory_iterator();
       entry.increment(error)) {
    if (std::ranges::find(without, entry->path()) != without.end()) {
      entry.disable_recursion_pending();
      continue;
    }
    XAAS_ASSIGN(std::string text, describe(entry->path()));
    if (!text.empty()) listing.emplace(entry->path().lexically_relative(source).string(), std::move(text));
  }
  if (error) return fail(Code::io, "cannot list {}: {}", source.string(), error.message());
  return listing;
}

SourceChanges compare_listings(const SourceListing& before, const SourceListing& now) {
  SourceChanges changes;
  for (const auto& [path, text] : now) {
    const auto old = before.find(path);
    if (old == before.end() || old->second != text) changes.changed.push_back(path);
  }
  for (const auto& [path, text] : before) {
    if (!now.contains(path)) changes.vanished.push_back(path);
  }
  std::ranges::reverse(changes.vanished);
  return changes;
}

Status apply_changes(const SourceChanges& changes, const fs::path& from, const fs::path& to) {
  for (const std::string& path : changes.vanished) {
    // A directory stays if it holds something that the build made.
    std::error_code ignored;
    fs::remove(to / path, ignored);
  }
  for (const std::string& path : changes.changed) XAAS_TRY(copy_changed(from / path, to / path));
  return {};
}

}  // namespace xaas
