// Reads SquashFS images; see reader.h. This file joins the parts: blocks and caches (block_source), tables
// (metadata_cursor), inodes, directories, file contents, extended attributes.
#include "format/squashfs/reader.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <optional>

#include "format/base/file.h"
#include "format/base/little_endian.h"
#include "format/base/paths.h"
#include "format/squashfs/block_source.h"
#include "format/squashfs/data.h"
#include "format/squashfs/directory.h"
#include "format/squashfs/inode.h"
#include "format/squashfs/runner.h"
#include "format/squashfs/trailer.h"
#include "format/squashfs/xattrs.h"

namespace xaas {
namespace {

Result<std::vector<std::uint32_t>> read_owners(const BlockSource& source) {
  const sqfs_super_t& super = source.super();
  XAAS_ASSIGN(const MetadataTable table, MetadataTable::open(source, super.id_table_start, super.id_count, 4));
  std::vector<std::uint32_t> owners;
  for (std::uint32_t i = 0; i < super.id_count; ++i) {
    std::array<std::byte, 4> id;
    XAAS_TRY(table.read(source, i, id));
    owners.push_back(load_le<std::uint32_t>(id, 0));
  }
  return owners;
}

// Checks the trailer, if there is one. `available` is the number of bytes of the file from the start of the image on.
// Returns how many of them belong to the image.
Result<std::uint64_t> check_what_follows(int fd, std::uint64_t offset, std::uint64_t available,
                                         std::uint64_t squashfs_size) {
  const std::uint64_t start = trailer_offset(squashfs_size);
  if (start >= available) return available;
  SqfsFile file(fd, offset, available, SqfsFile::Mode::read_only);
  std::vector<std::byte> head(std::min(kTrailerAlignment, available - start));
  const int error = file.get()->read_at(file.get(), start, head.data(), head.size());
  if (error != 0) return fail_read(error, "trailer");
  XAAS_ASSIGN(const auto trailer, decode_trailer(head, squashfs_size, available - start));
  if (!trailer) return start;
  XAAS_TRY(check_trailer(*trailer));
  return start + trailer->length;
}

// Called before the file is opened, because opening a pipe waits until somebody writes to it.
Status check_kind(const std::filesystem::path& path) {
  struct stat status{};
  if (stat(path.c_str(), &status) != 0) return fail_errno(fmt::format("cannot open {}", path.string()));
  if (S_ISREG(status.st_mode) || S_ISBLK(status.st_mode)) return {};
  return fail(Code::invalid, "{}: neither a regular file nor a block device, so no image", path.string());
}

}  // namespace

class SquashfsReader::Impl {
 public:
  static Result<std::unique_ptr<Impl>> open(const std::filesystem::path& path, const ReaderOptions& options);

  MetadataCursor directory_table() const {
    return {*source, source->super().directory_table_start, source->super().bytes_used};
  }
  Result<Inode> inode(InodeRef ref) const {
    MetadataCursor cursor = inode_table(*source);
    return decode_inode(cursor, ref, owners);
  }
  Result<Inode> inode(InodeRef ref, mode_t type, const char* type_name) const;
  Result<DirectoryEntry> lookup(InodeRef directory, std::string_view name) const;
  Result<std::vector<DirectoryEntry>> list(InodeRef directory) const;
  Result<std::string> read_link(InodeRef ref) const;
  Result<std::size_t> read(InodeRef ref, std::uint64_t offset, std::span<std::byte> into) const;
  Result<std::string> read_all(InodeRef ref, std::uint64_t limit) const;

  // The errors of the functions above name no file. This adds the path.
  template <typename T>
  Result<T> named(Result<T> result) const {
    if (!result) result.error().message = fmt::format("{}: {}", path, result.error().message);
    return result;
  }

  std::string path;
  Fd fd;
  std::uint64_t image_start = 0;  // in the file
  std::uint64_t extent = 0;       // of the image, with its trailer
  std::unique_ptr<BlockSource> source;
  std::vector<std::uint32_t> owners;
  std::unique_ptr<SquashfsData> data;
  SquashfsXattrs xattrs;
};

Result<std::unique_ptr<SquashfsReader::Impl>> SquashfsReader::Impl::open(const std::filesystem::path& path,
                                                                         const ReaderOptions& options) {
  auto impl = std::make_unique<Impl>();
  impl->path = path.string();
  XAAS_TRY(check_kind(path));
  XAAS_ASSIGN(impl->fd, open_for_reading(path));
  const auto open_parts = [&]() -> Status {
    XAAS_ASSIGN(const std::uint64_t size, file_size(impl->fd.get()));
    if (options.offset > size)
      return fail(Code::invalid, "no image at offset {}: the file has {} bytes", options.offset, size);
    XAAS_ASSIGN(impl->image_start, find_image(impl->fd.get(), options.offset, size));
    const std::uint64_t available = size - impl->image_start;
    XAAS_ASSIGN(impl->source, BlockSource::open(impl->fd.get(), impl->image_start, available, options.cache_bytes));
    XAAS_ASSIGN(impl->extent,
                check_what_follows(impl->fd.get(), impl->image_start, available, impl->source->super().bytes_used));
    XAAS_ASSIGN(impl->owners, read_owners(*impl->source));
    XAAS_ASSIGN(impl->data, SquashfsData::open(*impl->source));
    XAAS_ASSIGN(impl->xattrs, SquashfsXattrs::open(*impl->source));
    XAAS_TRY(impl->inode(impl->source->super().root_inode_ref, S_IFDIR, "directory"));
    return {};
  };
  if (auto status = open_parts(); !status) {
    return fail(status.error().code, "{}: {}", path.string(), status.error().message);
  }
  return impl;
}

Result<Inode> SquashfsReader::Impl::inode(InodeRef ref, mode_t type, const char* type_name) const {
  XAAS_ASSIGN(Inode found, inode(ref));
  if ((found.attributes.mode & S_IFMT) != type) return fail(Code::not_found, "inode {:#x} is not a {}", ref, type_name);
  return found;
}

Result<DirectoryEntry> SquashfsReader::Impl::lookup(InodeRef directory, std::string_view name) const {
  XAAS_ASSIGN(const Inode parent, inode(directory, S_IFDIR, "directory"));
  XAAS_ASSIGN(DirectoryScan scan, DirectoryScan::open(directory_table(), parent.directory));
  XAAS_TRY(scan.seek(inode_table(*source), parent, name));
  DirectoryEntry entry;
  while (true) {
    XAAS_ASSIGN(const bool more, scan.next(entry));
    if (!more || entry.name > name) return fail(Code::not_found, "there is no \"{}\"", name);
    if (entry.name == name) return entry;
  }
}

Result<std::vector<DirectoryEntry>> SquashfsReader::Impl::list(InodeRef directory) const {
  XAAS_ASSIGN(const Inode parent, inode(directory, S_IFDIR, "directory"));
  XAAS_ASSIGN(DirectoryScan scan, DirectoryScan::open(directory_table(), parent.directory));
  std::vector<DirectoryEntry> entries;
  while (true) {
    DirectoryEntry entry;
    XAAS_ASSIGN(const bool more, scan.next(entry));
    if (!more) return entries;
    entries.push_back(std::move(entry));
  }
}

Result<std::string> SquashfsReader::Impl::read_link(InodeRef ref) const {
  XAAS_ASSIGN(const Inode link, inode(ref, S_IFLNK, "symbolic link"));
  if (link.attributes.size == 0 || link.attributes.size > kMaxPath) {
    return fail(Code::invalid, "inode {:#x}: a link target of {} bytes: damaged", ref, link.attributes.size);
  }
  std::string target(link.attributes.size, '\0');
  MetadataCursor cursor = inode_table(*source);
  XAAS_TRY(cursor.seek(link.tail));
  XAAS_TRY(cursor.read(std::as_writable_bytes(std::span(target))));
  if (target.find('\0') != std::string::npos)
    return fail(Code::invalid, "inode {:#x}: the link target is damaged", ref);
  return target;
}

Result<std::size_t> SquashfsReader::Impl::read(InodeRef ref, std::uint64_t offset, std::span<std::byte> into) const {
  XAAS_ASSIGN(const Inode file, inode(ref, S_IFREG, "regular file"));
  return data->read(file, ref, offset, into);
}

Result<std::string> SquashfsReader::Impl::read_all(InodeRef ref, std::uint64_t limit) const {
  XAAS_ASSIGN(const Inode file, inode(ref, S_IFREG, "regular file"));
  const std::uint64_t size = file.attributes.size;
  if (size > limit) return fail(Code::invalid, "a file of {} bytes is larger than the limit of {}", size, limit);
  // It is read piece by piece: a damaged size must fail before it has taken all memory.
  constexpr std::uint64_t kPiece = 16ULL << 20;
  std::string content;
  while (content.size() < size) {
    const std::size_t start = content.size();
    content.resize(start + std::min(kPiece, size - start));
    XAAS_TRY(data->read(file, ref, start, std::as_writable_bytes(std::span(content)).subspan(start)));
  }
  return content;
}

SquashfsReader::SquashfsReader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SquashfsReader::~SquashfsReader() = default;

Result<std::unique_ptr<SquashfsReader>> SquashfsReader::open(const std::filesystem::path& path,
                                                             const ReaderOptions& options) {
  XAAS_ASSIGN(auto impl, Impl::open(path, options));
  return std::unique_ptr<SquashfsReader>(new SquashfsReader(std::move(impl)));
}

InodeRef SquashfsReader::root() const { return impl_->source->super().root_inode_ref; }
void SquashfsReader::drop_kept_data() const { impl_->source->drop_data(); }

std::uint64_t SquashfsReader::image_size() const { return impl_->source->super().bytes_used; }
std::uint64_t SquashfsReader::offset() const { return impl_->image_start; }
std::uint64_t SquashfsReader::extent() const { return impl_->extent; }
std::uint32_t SquashfsReader::inode_count() const { return impl_->source->super().inode_count; }
int SquashfsReader::fd() const { return impl_->fd.get(); }

Result<Attributes> SquashfsReader::stat(InodeRef ref) const {
  return impl_->named(impl_->inode(ref).map([](const Inode& inode) { return inode.attributes; }));
}

Result<DirectoryEntry> SquashfsReader::lookup(InodeRef directory, std::string_view name) const {
  return impl_->named(impl_->lookup(directory, name));
}

Result<std::vector<DirectoryEntry>> SquashfsReader::list(InodeRef directory) const {
  return impl_->named(impl_->list(directory));
}

Result<std::string> SquashfsReader::read_link(InodeRef ref) const { return impl_->named(impl_->read_link(ref)); }

Result<std::size_t> SquashfsReader::read(InodeRef ref, std::uint64_t offset, std::span<std::byte> into) const {
  return impl_->named(impl_->read(ref, offset, into));
}

Result<std::vector<std::pair<std::string, std::string>>> SquashfsReader::xattrs(InodeRef ref) const {
  const auto read = [&]() -> Result<std::vector<std::pair<std::string, std::string>>> {
    XAAS_ASSIGN(const Inode inode, impl_->inode(ref));
    if (inode.xattrs == kNoIndex) return {};
    return impl_->xattrs.read(*impl_->source, inode.xattrs);
  };
  return impl_->named(read());
}

Result<InodeRef> SquashfsReader::resolve(std::string_view path) const {
  InodeRef ref = root();
  for (std::string_view rest = path; !rest.empty();) {
    const std::size_t slash = std::min(rest.find('/'), rest.size());
    const std::string_view name = rest.substr(0, slash);
    rest.remove_prefix(std::min(slash + 1, rest.size()));
    if (name.empty()) continue;
    const auto entry = impl_->lookup(ref, name);
    if (!entry && entry.error().code == Code::not_found) {
      return fail(Code::not_found, "{}: there is no \"{}\" in the image", impl_->path, path);
    }
    if (!entry) return impl_->named(Result<InodeRef>(tl::unexpected<Error>(entry.error())));
    ref = entry->ref;
  }
  return ref;
}

Result<std::string> SquashfsReader::read_all(InodeRef ref, std::uint64_t limit) const {
  return impl_->named(impl_->read_all(ref, limit));
}

Status SquashfsReader::read_pieces(InodeRef ref, const UseBytes& use) const {
  constexpr std::uint64_t kPiece = 128 << 10;
  XAAS_ASSIGN(const Attributes attributes, stat(ref));
  std::vector<std::byte> piece(std::min(kPiece, attributes.size));
  for (std::uint64_t offset = 0; offset < attributes.size;) {
    XAAS_ASSIGN(const std::size_t got, read(ref, offset, piece));
    XAAS_TRY(use({reinterpret_cast<const char*>(piece.data()), got}));
    offset += got;
  }
  return {};
}

Result<Digest> SquashfsReader::digest(InodeRef ref) const {
  Sha256 hash;
  XAAS_TRY(read_pieces(ref, [&](std::string_view piece) -> Status {
    hash.update(piece);
    return {};
  }));
  return hash.finish();
}

}  // namespace xaas
