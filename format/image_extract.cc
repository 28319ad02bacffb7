// Unpacks images; see image_extract.h. The reader has refused names such as ".." or "a/b" and names that appear twice,
// so a path below our own fresh directory cannot lead out of it.
#include "format/image_extract.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <unordered_map>

#include "format/file.h"
#include "format/image_walk.h"

namespace xaas {
namespace {

constexpr std::size_t kReadSize = std::size_t{128} << 10;
constexpr mode_t kPermissionBits = 0777;

class Extractor {
 public:
  // Whether the directory itself gets the attributes of the image's root.
  enum class Root { keep, set };

  Extractor(const Image& image, std::filesystem::path directory, Root root)
      : image_(image), reader_(image.squashfs()), directory_(std::move(directory)), root_(root), buffer_(kReadSize) {}

  Status run();

 private:
  Status extract(const std::string& path, const DirectoryEntry& entry);
  Status extract_file(const std::string& path, InodeRef ref, const Attributes& attributes);
  Status write_content(int fd, const std::string& path, InodeRef ref, const Attributes& attributes);
  Status finish_entry(const std::filesystem::path& target, InodeRef ref, const Attributes& attributes);

  struct Directory {
    std::filesystem::path target;
    InodeRef ref;
    Attributes attributes;
  };

  const Image& image_;
  const SquashfsReader& reader_;
  const std::filesystem::path directory_;
  const Root root_;
  std::vector<std::byte> buffer_;
  std::vector<Directory> directories_;                          // parents first
  std::unordered_map<InodeRef, std::filesystem::path> linked_;  // the first name of files with several
};

Status Extractor::run() {
  XAAS_ASSIGN(const Attributes root, reader_.stat(reader_.root()));
  if (root_ == Root::set) directories_.push_back({directory_, reader_.root(), root});
  XAAS_TRY(
      walk(reader_, "", [this](const std::string& path, const DirectoryEntry& entry) { return extract(path, entry); }));
  // Last, children first: a directory may be read-only, and its time changes with its content.
  for (auto directory = directories_.rbegin(); directory != directories_.rend(); ++directory) {
    XAAS_TRY(finish_entry(directory->target, directory->ref, directory->attributes));
  }
  return {};
}

Status Extractor::extract(const std::string& path, const DirectoryEntry& entry) {
  const std::filesystem::path target = directory_ / path;
  XAAS_ASSIGN(const Attributes attributes, reader_.stat(entry.ref));
  if ((attributes.mode & S_IFMT) != entry.type) return fail(Code::invalid, "{}: is damaged", printable(path));
  const auto [first, inserted] = attributes.nlink > 1 && !S_ISDIR(attributes.mode) ? linked_.emplace(entry.ref, target)
                                                                                   : std::pair(linked_.end(), true);
  if (!inserted) {
    if (link(first->second.c_str(), target.c_str()) != 0)
      return fail_errno(fmt::format("cannot link {}", target.string()));
    return {};
  }
  switch (attributes.mode & S_IFMT) {
    case S_IFDIR:
      if (mkdir(target.c_str(), 0700) != 0) return fail_errno(fmt::format("cannot create {}", target.string()));
      directories_.push_back({target, entry.ref, attributes});
      return {};
    case S_IFLNK: {
      XAAS_ASSIGN(const std::string link_target, reader_.read_link(entry.ref));
      if (symlink(link_target.c_str(), target.c_str()) != 0) {
        return fail_errno(fmt::format("cannot create {}", target.string()));
      }
      return finish_entry(target, entry.ref, attributes);
    }
    case S_IFREG:
      XAAS_TRY(extract_file(path, entry.ref, attributes));
      return finish_entry(target, entry.ref, attributes);
    default:
      return fail(Code::unsupported, "{}: is a special file, which is not extracted", printable(path));
  }
}

Status Extractor::extract_file(const std::string& path, InodeRef ref, const Attributes& attributes) {
  const std::filesystem::path target = directory_ / path;
  const Fd fd(open(target.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!fd.valid()) return fail_errno(fmt::format("cannot create {}", target.string()));
  return write_content(fd.get(), path, ref, attributes);
}

Status Extractor::write_content(int fd, const std::string& path, InodeRef ref, const Attributes& attributes) {
  Sha256 hash;
  for (std::uint64_t offset = 0; offset < attributes.size;) {
    XAAS_ASSIGN(const std::size_t got, reader_.read(ref, offset, buffer_));
    const std::string_view data(reinterpret_cast<const char*>(buffer_.data()), got);
    hash.update(data);
    offset += got;
    const bool is_hole = std::all_of(data.begin(), data.end(), [](char c) { return c == '\0'; });
    if (is_hole && lseek(fd, static_cast<off_t>(offset), SEEK_SET) < 0) return fail_errno(printable(path));
    if (!is_hole) {
      if (auto written = write_all(fd, data); !written) {
        return fail(written.error().code, "{}: {}", printable(path), written.error().message);
      }
    }
  }
  if (ftruncate(fd, static_cast<off_t>(attributes.size)) != 0)
    return fail_errno(fmt::format("cannot write {}", printable(path)));
  XAAS_ASSIGN(const auto record, image_.files().find(path));
  if (record && hash.finish() != record->sha256) {
    return fail(Code::invalid, "{}: is damaged: its digest differs from the index", printable(path));
  }
  return {};
}

Status Extractor::finish_entry(const std::filesystem::path& target, InodeRef ref, const Attributes& attributes) {
  XAAS_ASSIGN(const auto xattrs, reader_.xattrs(ref));
  for (const auto& [name, value] : xattrs) {
    if (lsetxattr(target.c_str(), name.c_str(), value.data(), value.size(), 0) != 0 && errno != EPERM &&
        errno != ENOTSUP) {
      return fail_errno(fmt::format("cannot set {} of {}", printable(name), target.string()));
    }
  }
  if (!S_ISLNK(attributes.mode) && chmod(target.c_str(), attributes.mode & kPermissionBits) != 0) {
    return fail_errno(fmt::format("cannot change the permissions of {}", target.string()));
  }
  const timespec times[2] = {{.tv_sec = attributes.mtime, .tv_nsec = 0}, {.tv_sec = attributes.mtime, .tv_nsec = 0}};
  if (utimensat(AT_FDCWD, target.c_str(), times, AT_SYMLINK_NOFOLLOW) != 0) {
    return fail_errno(fmt::format("cannot set the times of {}", target.string()));
  }
  return {};
}

// A directory that exists is filled, not replaced: it may be somebody's current directory.
Status fill(const Image& image, const std::filesystem::path& directory) {
  auto status = Extractor(image, directory, Extractor::Root::keep).run();
  if (status) return status;
  std::error_code ignored;  // the first error is the one to tell
  for (const auto& entry : std::filesystem::directory_iterator(directory, ignored)) {
    std::filesystem::remove_all(entry.path(), ignored);
  }
  return status;
}

}  // namespace

Status extract(const Image& image, const std::filesystem::path& directory) {
  std::error_code error;
  if (std::filesystem::exists(symlink_status(directory, error))) {
    const bool is_empty =
        std::filesystem::is_directory(directory, error) && std::filesystem::is_empty(directory, error);
    if (!is_empty) {
      return fail(Code::invalid, "{} is not an empty directory: name one that is, or that does not exist",
                  directory.string());
    }
    return fill(image, directory);
  }
  std::filesystem::path target = std::filesystem::absolute(directory, error).lexically_normal();
  if (!target.has_filename()) target = target.parent_path();  // written with a '/' at the end
  XAAS_ASSIGN(TempDirectory temporary, TempDirectory::create(target.parent_path()));
  XAAS_TRY(Extractor(image, temporary.path(), Extractor::Root::set).run());
  if (rename(temporary.path().c_str(), target.c_str()) != 0) {
    return fail_errno(fmt::format("cannot create {}", directory.string()));
  }
  temporary.release();
  return {};
}

}  // namespace xaas
