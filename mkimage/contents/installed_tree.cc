// Lists DESTDIR; see installed_tree.h.
#include "mkimage/contents/installed_tree.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include <algorithm>
#include <cerrno>

#include "format/base/file.h"
#include "format/base/short_list.h"
#include "format/image.h"

namespace xaas {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kOutsideNamed = 5;
constexpr std::string_view kOverlaysOwn = "user.overlay.";  // left by an overlay at the prefix while installing

// All names in `directory`, sorted, so that every walk is the same.
Result<std::vector<fs::path>> sorted_names(const fs::path& directory) {
  std::vector<fs::path> names;
  std::error_code error;
  fs::directory_iterator entry(directory, error);
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) names.push_back(entry->path().filename());
  if (error) return fail(Code::io, "cannot list {}: {}", directory.string(), error.message());
  std::ranges::sort(names);
  return names;
}

// Collects everything below `directory` that is not a directory, except what is below `except`.
Status find_outside(const fs::path& destination, const fs::path& directory, const fs::path& except,
                    std::vector<std::string>& found) {
  XAAS_ASSIGN(const auto names, sorted_names(directory));
  for (const fs::path& name : names) {
    const fs::path path = directory / name;
    if (path == except) continue;
    if (fs::is_directory(fs::symlink_status(path))) {
      XAAS_TRY(find_outside(destination, path, except, found));
    } else {
      found.push_back("/" + path.lexically_relative(destination).string());
    }
  }
  return {};
}

Status check_outside(const fs::path& destination, const fs::path& root, const fs::path& prefix) {
  std::vector<std::string> outside;
  XAAS_TRY(find_outside(destination, destination, root, outside));
  if (outside.empty()) return {};
  return fail(Code::failed, "installed outside of the prefix {}: {}; give the right one with --prefix", prefix.string(),
              short_list(outside, kOutsideNamed));
}

Result<std::map<std::string, std::string>> user_xattrs(const fs::path& path) {
  std::map<std::string, std::string> result;
  const ssize_t size = llistxattr(path.c_str(), nullptr, 0);
  if (size <= 0) return result;  // no attributes, or a file system without attributes
  std::string names(static_cast<std::size_t>(size), '\0');
  const ssize_t got = llistxattr(path.c_str(), names.data(), names.size());
  if (got < 0) return fail_errno(fmt::format("cannot list the attributes of {}", path.string()));
  for (std::size_t at = 0; at < static_cast<std::size_t>(got);) {
    const std::string name = names.c_str() + at;
    at += name.size() + 1;
    if (!name.starts_with("user.") || name.starts_with("user.xaas.") || name.starts_with(kOverlaysOwn)) continue;
    const ssize_t length = lgetxattr(path.c_str(), name.c_str(), nullptr, 0);
    std::string value(static_cast<std::size_t>(std::max<ssize_t>(length, 0)), '\0');
    if (length < 0 || lgetxattr(path.c_str(), name.c_str(), value.data(), value.size()) != length) {
      return fail_errno(fmt::format("cannot read the attribute {} of {}", name, path.string()));
    }
    result.emplace(name, std::move(value));
  }
  return result;
}

class Scanner {
 public:
  Scanner(InstalledTree& tree, const fs::path& destination) : tree_(tree), destination_(destination.string()) {}

  Status scan(const std::string& directory) {
    XAAS_ASSIGN(const auto names, sorted_names(tree_.root / directory));
    for (const fs::path& name : names) {
      const std::string path = directory.empty() ? name.string() : directory + "/" + name.string();
      XAAS_TRY(add(path));
      if (S_ISDIR(tree_.entries.back().type)) XAAS_TRY(scan(path));
    }
    return {};
  }

 private:
  Status add(const std::string& path) {
    const fs::path full = tree_.root / path;
    struct stat status{};
    if (lstat(full.c_str(), &status) != 0) return fail_errno(fmt::format("cannot read {}", full.string()));
    TreeEntry entry;
    entry.path = path;
    entry.type = status.st_mode & S_IFMT;
    entry.permissions = status.st_mode & 0777;
    if (S_ISLNK(status.st_mode)) {
      std::error_code error;
      entry.link_target = fs::read_symlink(full, error).string();
      if (error) return fail(Code::io, "cannot read {}: {}", full.string(), error.message());
      entry.link_target = without_destination(entry.link_target);
    } else if (!S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode)) {
      return fail(Code::unsupported, "{} is a device, socket or pipe, which an image cannot hold; do not install it",
                  path);
    }
    if (S_ISREG(status.st_mode) && (status.st_mode & (S_ISUID | S_ISGID)) != 0) {
      tree_.warnings.push_back(fmt::format("{}: setuid and setgid are dropped", path));
    }
    if (S_ISREG(status.st_mode) && status.st_nlink > 1) {
      const auto [first, is_new] = inodes_.try_emplace({status.st_dev, status.st_ino}, path);
      if (!is_new) entry.same_as = first->second;
    }
    XAAS_ASSIGN(entry.xattrs, user_xattrs(full));
    if (lgetxattr(full.c_str(), "security.capability", nullptr, 0) > 0) {
      tree_.warnings.push_back(fmt::format("{}: file capabilities are dropped", path));
    }
    tree_.entries.push_back(std::move(entry));
    return {};
  }

  // An install step that puts $DESTDIR in front of a link's target means the file of the prefix: the directory is gone
  // when the image is used.
  std::string without_destination(const std::string& target) const {
    return target.starts_with(destination_ + "/") ? target.substr(destination_.size()) : target;
  }

  InstalledTree& tree_;
  const std::string destination_;
  std::map<std::pair<dev_t, ino_t>, std::string> inodes_;
};

}  // namespace

Result<InstalledTree> scan_tree(const fs::path& destination, const fs::path& prefix) {
  InstalledTree tree;
  tree.root = destination / prefix.relative_path();
  XAAS_TRY(check_outside(destination, tree.root, prefix));
  if (fs::is_directory(tree.root)) XAAS_TRY(Scanner(tree, destination).scan(""));
  if (tree.entries.empty()) {
    return fail(Code::failed,
                "the build installed nothing below $DESTDIR$PREFIX ({}); give it an install command that does",
                tree.root.string());
  }
  for (const TreeEntry& entry : tree.entries) {
    if (entry.path == kPrivateDirectory) {
      return fail(Code::unsupported, "the build installed {}, which images keep for themselves", kPrivateDirectory);
    }
  }
  std::ranges::sort(tree.entries, {}, &TreeEntry::path);
  return tree;
}

Result<WritableFile> WritableFile::make(const fs::path& path) {
  struct stat status{};
  if (stat(path.c_str(), &status) != 0) return fail_errno(fmt::format("cannot read {}", path.string()));
  if (chmod(path.c_str(), (status.st_mode & 07777) | S_IWUSR) != 0) {
    return fail_errno(fmt::format("cannot make {} writable", path.string()));
  }
  return WritableFile(path, status.st_mode & 07777, status.st_mtim);
}

WritableFile::WritableFile(WritableFile&& other) noexcept
    : path_(std::exchange(other.path_, {})), mode_(other.mode_), modified_(other.modified_) {}

WritableFile::~WritableFile() {
  if (path_.empty()) return;
  const timespec times[] = {{0, UTIME_OMIT}, modified_};
  utimensat(AT_FDCWD, path_.c_str(), times, 0);
  chmod(path_.c_str(), mode_);
}

// Replaces the bytes of a file by as many others. The file keeps its inode.
Status overwrite(const fs::path& path, std::string_view bytes) {
  const Fd file(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!file.valid()) return fail_errno(fmt::format("cannot write {}", path.string()));
  return write_all(file.get(), bytes);
}

}  // namespace xaas
