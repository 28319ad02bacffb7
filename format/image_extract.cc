// Unpacks images; see image_extract.h. The reader has refused names such as ".." or "a/b", and names that appear twice.
// So a path below our own new directory cannot lead out of it.
#include "format/image_extract.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <unordered_map>

#include "format/base/file.h"
#include "format/entry_attributes.h"
#include "format/image_walk.h"
#include "format/squashfs/types.h"

namespace xaas {
namespace {

constexpr std::size_t kReadSize = std::size_t{128} << 10;

class Extractor {
 public:
  // Whether the directory itself gets the attributes of the image's root.
  enum class Root { keep, set };

  // `from` is the directory of the image to unpack; "" is the root. `moved` is empty if the prefix stays as it is.
  Extractor(const Image& image, std::string_view from, std::filesystem::path directory, Root root,
            const std::optional<MovedPrefix>& moved)
      : image_(image),
        reader_(image.squashfs()),
        from_(from),
        directory_(std::move(directory)),
        root_(root),
        moved_(moved) {}

  Status run();

 private:
  std::filesystem::path target_of(const std::string& path) const;
  Status extract(const std::string& path, const DirectoryEntry& entry);
  Status extract_file(const std::string& path, InodeRef ref, const Attributes& attributes);
  Status write_content(int fd, const std::string& path, InodeRef ref, const Attributes& attributes);
  Status move_prefix(int fd, const FileRecord& record) const;

  struct Directory {
    std::filesystem::path target;
    InodeRef ref;
    Attributes attributes;
  };

  const Image& image_;
  const SquashfsReader& reader_;
  const std::string from_;
  const std::filesystem::path directory_;
  const Root root_;
  const std::optional<MovedPrefix> moved_;
  std::vector<Directory> directories_;                          // parents first
  std::unordered_map<InodeRef, std::filesystem::path> linked_;  // the first name of each file with several names
};

Status Extractor::run() {
  XAAS_ASSIGN(const Attributes root, reader_.stat(reader_.root()));
  if (root_ == Root::set) directories_.push_back({directory_, reader_.root(), root});
  XAAS_TRY(walk(reader_, from_,
                [this](const std::string& path, const DirectoryEntry& entry) { return extract(path, entry); }));
  // Directories come last, children before parents: a directory may be read-only, and its time changes with its
  // contents.
  for (auto directory = directories_.rbegin(); directory != directories_.rend(); ++directory) {
    XAAS_TRY(set_attributes(reader_, directory->ref, directory->attributes, directory->target));
  }
  return {};
}

std::filesystem::path Extractor::target_of(const std::string& path) const {
  return directory_ / (from_.empty() ? path : path.substr(from_.size() + 1));
}

Status Extractor::extract(const std::string& path, const DirectoryEntry& entry) {
  const std::filesystem::path target = target_of(path);
  XAAS_ASSIGN(const Attributes attributes, reader_.stat(entry.ref));
  if ((attributes.mode & S_IFMT) != entry.type) return fail(Code::invalid, "{}: is damaged", path);
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
      XAAS_ASSIGN(std::string link_target, reader_.read_link(entry.ref));
      if (moved_) link_target = moved_->replace(link_target);
      if (symlink(link_target.c_str(), target.c_str()) != 0) {
        return fail_errno(fmt::format("cannot create {}", target.string()));
      }
      return set_attributes(reader_, entry.ref, attributes, target);
    }
    case S_IFREG:
      XAAS_TRY(extract_file(path, entry.ref, attributes));
      return set_attributes(reader_, entry.ref, attributes, target);
    default:
      return fail(Code::unsupported, "{}: is a special file, which is not extracted", path);
  }
}

Status Extractor::extract_file(const std::string& path, InodeRef ref, const Attributes& attributes) {
  const std::filesystem::path target = target_of(path);
  Fd fd(open(target.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!fd.valid()) return fail_errno(fmt::format("cannot create {}", target.string()));
  XAAS_TRY(write_content(fd.get(), path, ref, attributes));
  if (close(fd.release()) != 0) return fail_errno(fmt::format("cannot write {}", target.string()));
  return {};
}

Status Extractor::write_content(int fd, const std::string& path, InodeRef ref, const Attributes& attributes) {
  Sha256 hash;
  XAAS_TRY(reader_.read_pieces(ref, [&](std::string_view data) -> Status {
    hash.update(data);
    const Status written = write_or_skip(fd, data);
    if (!written) return fail(written.error().code, "{}: {}", path, written.error().message);
    return {};
  }));
  if (ftruncate(fd, static_cast<off_t>(attributes.size)) != 0) return fail_errno(fmt::format("cannot write {}", path));
  XAAS_ASSIGN(const auto record, image_.files().find(path));
  if (record && hash.finish() != record->sha256) {
    return fail(Code::invalid, "{}: is damaged: its digest differs from the index", path);
  }
  return record && moved_ ? move_prefix(fd, *record) : Status();
}

// Replaces the prefix in a file that has been written as it is in the image.
Status Extractor::move_prefix(int fd, const FileRecord& record) const {
  if (record.place_count == 0) return {};
  XAAS_ASSIGN(const PrefixPlaces places, image_.files().places(record, moved_->from().size()));
  const std::uint64_t size = moved_->size(places, record.size);
  const auto stored = [&](std::uint64_t offset, std::span<std::byte> into) { return read_range(fd, offset, into); };
  // Shown bytes never lie behind the stored bytes from which they come. So the file can be changed in place.
  std::vector<std::byte> buffer(kReadSize);
  for (std::uint64_t offset = 0; offset < size; offset += buffer.size()) {
    const std::span<std::byte> piece =
        std::span(buffer).first(static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), size - offset)));
    XAAS_TRY(moved_->read(places, offset, piece, stored));
    if (pwrite(fd, piece.data(), piece.size(), static_cast<off_t>(offset)) != static_cast<ssize_t>(piece.size())) {
      return fail_errno(fmt::format("cannot write {}", record.path));
    }
  }
  if (ftruncate(fd, static_cast<off_t>(size)) != 0) return fail_errno(fmt::format("cannot write {}", record.path));
  return {};
}

// Fills an existing directory and does not replace it, because it may be somebody's current directory.
Status fill(const Image& image, const std::filesystem::path& directory) {
  std::error_code ignored;  // the first error is the one to report
  XAAS_ASSIGN(const auto moved, moved_prefix(image.manifest(), std::filesystem::canonical(directory, ignored)));
  auto status = Extractor(image, "", directory, Extractor::Root::keep, moved).run();
  if (status) return status;
  for (const auto& entry : std::filesystem::directory_iterator(directory, ignored)) {
    remove_tree(entry.path());
  }
  return status;
}

}  // namespace

Status extract_below(const Image& image, std::string_view from, const std::filesystem::path& directory) {
  return Extractor(image, from, directory, Extractor::Root::keep, std::nullopt).run();
}

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
  std::filesystem::path target = std::filesystem::weakly_canonical(std::filesystem::absolute(directory, error), error);
  if (error) return fail(Code::io, "cannot create {}: {}", directory.string(), error.message());
  if (!target.has_filename()) target = target.parent_path();  // the path had a '/' at its end
  XAAS_ASSIGN(const auto moved, moved_prefix(image.manifest(), target));
  XAAS_ASSIGN(TempDirectory temporary, TempDirectory::create(target.parent_path()));
  XAAS_TRY(Extractor(image, "", temporary.path(), Extractor::Root::set, moved).run());
  if (rename(temporary.path().c_str(), target.c_str()) != 0) {
    return fail_errno(fmt::format("cannot create {}", directory.string()));
  }
  temporary.release();
  return {};
}

}  // namespace xaas
