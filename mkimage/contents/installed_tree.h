// What the build installed. It is the content of the image's root, and lies in DESTDIR below the prefix.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "format/base/error.h"

namespace xaas {

struct TreeEntry {
  std::string path;  // relative to the prefix
  mode_t type = 0;   // S_IFREG, S_IFDIR, S_IFLNK
  unsigned permissions = 0644;
  std::string link_target;  // target of a symlink
  std::string same_as;      // path of the first entry with the same inode; empty for that entry itself
  std::map<std::string, std::string> xattrs;  // user.*, without user.xaas.* and those of an overlay

  bool is_first_file() const { return S_ISREG(type) && same_as.empty(); }
};

struct InstalledTree {
  std::filesystem::path root;      // DESTDIR + PREFIX
  std::vector<TreeEntry> entries;  // sorted by path
  std::vector<std::string> warnings;

  std::filesystem::path path_of(const TreeEntry& entry) const { return root / entry.path; }
};

// Lists the installed tree. It is an error if the install step installed nothing, or something that an image cannot
// hold: files outside the prefix (the message names up to five), devices, sockets, or a .xaas directory of its own.
Result<InstalledTree> scan_tree(const std::filesystem::path& destination, const std::filesystem::path& prefix);

// During the life of the object, the owner may write to the file. The destructor restores permissions and times.
class WritableFile {
 public:
  static Result<WritableFile> make(const std::filesystem::path& path);
  WritableFile(WritableFile&& other) noexcept;
  WritableFile& operator=(WritableFile&&) = delete;
  ~WritableFile();

 private:
  WritableFile(std::filesystem::path path, mode_t mode, timespec modified)
      : path_(std::move(path)), mode_(mode), modified_(modified) {}
  std::filesystem::path path_;
  mode_t mode_;
  timespec modified_;
};

// Replaces the bytes of a file by as many others. The file keeps its inode.
Status overwrite(const std::filesystem::path& path, std::string_view bytes);

}  // namespace xaas
