// Writes the collected tree with libsquashfs; see writer.h and spec/image-format.md, section "SquashFS". libsquashfs
// demands the order of the steps: each step refers to what the steps before it have written.
#include "format/squashfs/writer.h"

#include <fcntl.h>
#include <sqfs/block_processor.h>
#include <sqfs/block_writer.h>
#include <sqfs/compressor.h>
#include <sqfs/dir_writer.h>
#include <sqfs/frag_table.h>
#include <sqfs/id_table.h>
#include <sqfs/inode.h>
#include <sqfs/meta_writer.h>
#include <sqfs/super.h>
#include <sqfs/xattr_writer.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <vector>

#include "format/base/file.h"
#include "format/squashfs/inode.h"
#include "format/squashfs/sqfs_object.h"
#include "format/squashfs/trailer.h"
#include "format/squashfs/tree.h"

namespace xaas {
namespace {

constexpr std::size_t kZeroSize = std::size_t{128} << 10;
constexpr std::size_t kReadSize = std::size_t{1} << 20;
constexpr unsigned kBacklogPerJob = 10;

// What the writer has decided about one inode of the tree.
struct Placement {
  // This is not a smart pointer, because the block processor replaces it while blocks are in flight.
  sqfs_inode_generic_t* data = nullptr;  // files only
  std::uint32_t number = 0;              // from 1
  std::uint64_t ref = 0;
  bool written = false;
};

mode_t mode_of(const TreeInode& inode) {
  switch (inode.kind) {
    case TreeInode::Kind::directory:
      return S_IFDIR | inode.options.permissions;
    case TreeInode::Kind::symlink:
      return S_IFLNK | 0777;
    default:
      return S_IFREG | inode.options.permissions;
  }
}

bool is_file(const TreeInode& inode) {
  return inode.kind == TreeInode::Kind::file || inode.kind == TreeInode::Kind::bytes ||
         inode.kind == TreeInode::Kind::stream;
}

// One run of finish(). It has the libsquashfs objects in the order in which they depend on each other.
class Session {
 public:
  Session(const SquashfsTree& tree, const WriterOptions& options, int fd)
      : tree_(tree),
        options_(options),
        file_(fd, options.runner.size(), 0, SqfsFile::Mode::read_write),
        placements_(tree.inodes().size()) {}
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  Status begin();               // super block and compressors
  Status write_data();          // contents of all files
  Status write_inodes();        // inode and directory tables
  Status write_tables();        // fragments, export, owners, xattrs
  Result<std::uint64_t> end();  // super block again, padding, trailer

 private:
  unsigned jobs() const { return std::max(options_.jobs, 1U); }
  unsigned backlog() const { return kBacklogPerJob * jobs(); }
  Status check(int error, std::string_view what) const;
  Status write_contents(const TreeInode& directory);
  Status append_content(const TreeInode& inode);
  Status append_file(const TreeInode& inode);
  Status append(const void* data, std::size_t size);
  Status append_hole(std::uint64_t size);
  void number_inodes(const TreeInode& inode);
  Status write_directory(const TreeInode& directory, std::uint32_t parent_number);
  Status write_leaf(const TreeInode& inode);
  Status write_inode(const TreeInode& inode, sqfs_inode_generic_t* data);
  Result<std::uint32_t> write_xattrs(const TreeInode& inode);

  const SquashfsTree& tree_;
  const WriterOptions& options_;
  SqfsFile file_;
  std::vector<Placement> placements_;  // by TreeInode::id
  std::uint32_t inode_count_ = 0;
  sqfs_super_t super_{};
  std::vector<char> buffer_;

  SqfsPtr<sqfs_compressor_t> compressor_, uncompressor_;
  SqfsPtr<sqfs_frag_table_t> fragments_;
  SqfsPtr<sqfs_id_table_t> owners_;
  SqfsPtr<sqfs_xattr_writer_t> xattrs_;
  SqfsPtr<sqfs_block_writer_t> blocks_;
  SqfsPtr<sqfs_block_processor_t> processor_;
  SqfsPtr<sqfs_meta_writer_t> inode_table_, directory_table_;
  SqfsPtr<sqfs_dir_writer_t> directories_;
};

Session::~Session() {
  // libsquashfs leaks blocks in flight when it is destroyed. After an error, finishing takes them back one by one.
  for (unsigned i = 0; processor_ && i <= backlog(); ++i) {
    if (sqfs_block_processor_finish(processor_.get()) == 0) break;
  }
  processor_.reset();  // its threads write into the inodes
  for (const Placement& placement : placements_) sqfs_free(placement.data);
}

Status Session::check(int error, std::string_view what) const {
  if (error == 0) return {};
  if (error == SQFS_ERROR_IO && file_.write_error() != 0) {
    errno = file_.write_error();
    return fail_errno(std::string(what));
  }
  return fail_sqfs(error, what);
}

Status Session::begin() {
  const auto mtime = std::clamp<std::int64_t>(options_.mtime, 0, std::numeric_limits<std::uint32_t>::max());
  XAAS_TRY(check(sqfs_super_init(&super_, options_.block_size, static_cast<std::uint32_t>(mtime), SQFS_COMP_ZSTD),
                 "super block"));
  XAAS_TRY(check(sqfs_super_write(&super_, file_.get()), "cannot write the super block"));

  sqfs_compressor_config_t config;
  sqfs_compressor_t* made = nullptr;
  XAAS_TRY(check(sqfs_compressor_config_init(&config, SQFS_COMP_ZSTD, options_.block_size, 0), "zstd"));
  config.level = static_cast<sqfs_u32>(std::clamp(options_.zstd_level, kLeastCompression, kMostCompression));
  XAAS_TRY(check(sqfs_compressor_create(&config, &made), "zstd"));
  compressor_.reset(made);
  config.flags |= SQFS_COMP_FLAG_UNCOMPRESS;
  XAAS_TRY(check(sqfs_compressor_create(&config, &made), "zstd"));
  uncompressor_.reset(made);
  const int options_size = compressor_->write_options(compressor_.get(), file_.get());
  if (options_size < 0) return check(options_size, "cannot write the compressor's options");
  if (options_size > 0) super_.flags |= SQFS_FLAG_COMPRESSOR_OPTIONS;

  fragments_.reset(sqfs_frag_table_create(0));
  owners_.reset(sqfs_id_table_create(0));
  xattrs_.reset(sqfs_xattr_writer_create(0));
  blocks_.reset(sqfs_block_writer_create(file_.get(), SQFS_DEVBLK_SIZE, 0));
  if (!fragments_ || !owners_ || !xattrs_ || !blocks_) return check(SQFS_ERROR_ALLOC, "cannot write the image");
  return {};
}

Status Session::write_data() {
  const sqfs_block_processor_desc_t description{.size = sizeof description,
                                                .max_block_size = options_.block_size,
                                                .num_workers = jobs(),
                                                .max_backlog = backlog(),
                                                .cmp = compressor_.get(),
                                                .wr = blocks_.get(),
                                                .tbl = fragments_.get(),
                                                .file = file_.get(),
                                                .uncmp = uncompressor_.get()};
  sqfs_block_processor_t* processor = nullptr;
  XAAS_TRY(check(sqfs_block_processor_create_ex(&description, &processor), "cannot start the compressor"));
  processor_.reset(processor);
  XAAS_TRY(write_contents(tree_.root()));
  return check(sqfs_block_processor_finish(processor), "cannot write data");
}

Status Session::write_contents(const TreeInode& directory) {
  for (const auto& [name, inode] : directory.children) {
    if (inode->kind == TreeInode::Kind::directory) XAAS_TRY(write_contents(*inode));
    Placement& placement = placements_[inode->id];
    if (!is_file(*inode) || placement.data != nullptr) continue;
    XAAS_TRY(
        check(sqfs_block_processor_begin_file(processor_.get(), &placement.data, nullptr, 0), "cannot write data"));
    XAAS_TRY(append_content(*inode));
    XAAS_TRY(check(sqfs_block_processor_end_file(processor_.get()), "cannot write data"));
  }
  return {};
}

Status Session::append_content(const TreeInode& inode) {
  if (inode.kind == TreeInode::Kind::bytes) return append(inode.content.data(), inode.content.size());
  if (inode.kind == TreeInode::Kind::file) return append_file(inode);
  return inode.stream([this](std::string_view piece) { return append(piece.data(), piece.size()); });
}

Status Session::append_file(const TreeInode& inode) {
  const std::string source = inode.source.string();
  const Fd fd(open(source.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat status{};
  if (!fd.valid() || fstat(fd.get(), &status) != 0) return fail_errno(fmt::format("cannot read {}", source));
  if (!S_ISREG(status.st_mode)) return fail(Code::io, "{}: changed while the image was made", source);
  buffer_.resize(kReadSize);
  const off_t size = status.st_size;
  for (off_t offset = 0; offset < size;) {
    // Holes need not be read. If the file system does not know them, everything counts as data.
    const off_t found = lseek(fd.get(), offset, SEEK_DATA);
    const off_t data = found >= 0 ? std::min(found, size) : errno == ENXIO ? size : offset;
    XAAS_TRY(append_hole(static_cast<std::uint64_t>(data - offset)));
    const off_t hole = data < size ? lseek(fd.get(), data, SEEK_HOLE) : size;
    const off_t end = hole > data ? std::min(hole, size) : size;
    for (offset = data; offset < end;) {
      const ssize_t got =
          pread(fd.get(), buffer_.data(), static_cast<std::size_t>(std::min<off_t>(kReadSize, end - offset)), offset);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return fail_errno(fmt::format("cannot read {}", source));
      if (got == 0) return fail(Code::io, "{}: became shorter while the image was made", source);
      XAAS_TRY(append(buffer_.data(), static_cast<std::size_t>(got)));
      offset += got;
    }
  }
  return {};
}

Status Session::append(const void* data, std::size_t size) {
  if (size == 0) return {};  // libsquashfs crashes on it
  return check(sqfs_block_processor_append(processor_.get(), data, size), "cannot write data");
}

Status Session::append_hole(std::uint64_t size) {
  static constexpr char kZeros[kZeroSize] = {};
  for (; size > 0; size -= std::min<std::uint64_t>(size, kZeroSize)) {
    XAAS_TRY(append(kZeros, static_cast<std::size_t>(std::min<std::uint64_t>(size, kZeroSize))));
  }
  return {};
}

Status Session::write_inodes() {
  inode_table_.reset(sqfs_meta_writer_create(file_.get(), compressor_.get(), 0));
  directory_table_.reset(sqfs_meta_writer_create(file_.get(), compressor_.get(), SQFS_META_WRITER_KEEP_IN_MEMORY));
  if (!inode_table_ || !directory_table_) return check(SQFS_ERROR_ALLOC, "cannot write the image");
  directories_.reset(sqfs_dir_writer_create(directory_table_.get(), SQFS_DIR_WRITER_CREATE_EXPORT_TABLE));
  if (!directories_) return check(SQFS_ERROR_ALLOC, "cannot write the image");

  number_inodes(tree_.root());
  super_.inode_table_start = file_.size();
  XAAS_TRY(write_directory(tree_.root(), inode_count_ + 1));  // its parent's number is one that no inode has
  XAAS_TRY(check(sqfs_meta_writer_flush(inode_table_.get()), "cannot write inodes"));
  XAAS_TRY(check(sqfs_meta_writer_flush(directory_table_.get()), "cannot write directories"));
  super_.root_inode_ref = placements_[tree_.root().id].ref;
  super_.inode_count = inode_count_;
  super_.directory_table_start = file_.size();
  return check(sqfs_meta_write_write_to_file(directory_table_.get()), "cannot write directories");
}

void Session::number_inodes(const TreeInode& inode) {
  for (const auto& [name, child] : inode.children) number_inodes(*child);
  Placement& placement = placements_[inode.id];
  if (placement.number == 0) placement.number = ++inode_count_;
}

Status Session::write_directory(const TreeInode& directory, std::uint32_t parent_number) {
  const std::uint32_t number = placements_[directory.id].number;
  std::uint32_t links = 2;
  for (const auto& [name, child] : directory.children) {
    if (child->kind == TreeInode::Kind::directory) {
      XAAS_TRY(write_directory(*child, number));
      ++links;
    } else if (!placements_[child->id].written) {
      XAAS_TRY(write_leaf(*child));
    }
  }
  XAAS_TRY(check(sqfs_dir_writer_begin(directories_.get(), 0), "cannot write a directory"));
  for (const auto& [name, child] : directory.children) {
    const Placement& placement = placements_[child->id];
    XAAS_TRY(check(sqfs_dir_writer_add_entry(directories_.get(), name.c_str(), placement.number, placement.ref,
                                             static_cast<sqfs_u16>(mode_of(*child))),
                   "cannot write a directory"));
  }
  XAAS_TRY(check(sqfs_dir_writer_end(directories_.get()), "cannot write a directory"));
  XAAS_ASSIGN(const std::uint32_t xattrs, write_xattrs(directory));
  const std::unique_ptr<sqfs_inode_generic_t, SqfsFree> inode(
      sqfs_dir_writer_create_inode(directories_.get(), 0, xattrs, parent_number));
  if (!inode) return check(SQFS_ERROR_ALLOC, "cannot write a directory");
  // libsquashfs counts every entry as a link. Only a directory is one, by its "..".
  auto& data = inode->data;
  (inode->base.type == SQFS_INODE_EXT_DIR ? data.dir_ext.nlink : data.dir.nlink) = links;
  return write_inode(directory, inode.get());
}

std::unique_ptr<sqfs_inode_generic_t, SqfsFree> make_symlink(const TreeInode& link) {
  const std::string& target = link.content;
  auto* inode = static_cast<sqfs_inode_generic_t*>(calloc(1, sizeof(sqfs_inode_generic_t) + target.size()));
  if (inode == nullptr) return nullptr;
  inode->base.type = SQFS_INODE_SLINK;
  inode->payload_bytes_available = inode->payload_bytes_used = static_cast<sqfs_u32>(target.size());
  inode->data.slink.nlink = link.links;
  inode->data.slink.target_size = static_cast<sqfs_u32>(target.size());
  std::memcpy(inode->extra, target.data(), target.size());
  return std::unique_ptr<sqfs_inode_generic_t, SqfsFree>(inode);
}

Status Session::write_leaf(const TreeInode& inode) {
  XAAS_ASSIGN(const std::uint32_t xattrs, write_xattrs(inode));
  std::unique_ptr<sqfs_inode_generic_t, SqfsFree> symlink;
  sqfs_inode_generic_t* data = placements_[inode.id].data;
  if (inode.kind == TreeInode::Kind::symlink) {
    symlink = make_symlink(inode);
    data = symlink.get();
  }
  if (data == nullptr) return check(SQFS_ERROR_ALLOC, "cannot write an inode");
  if (is_file(inode) && inode.links > 1) {  // the basic form of a file has no room for a link count
    XAAS_TRY(check(sqfs_inode_make_extended(data), "cannot write an inode"));
    data->data.file_ext.nlink = inode.links;
  }
  if (xattrs != kNoIndex) XAAS_TRY(check(sqfs_inode_set_xattr_index(data, xattrs), "cannot write an inode"));
  return write_inode(inode, data);
}

Status Session::write_inode(const TreeInode& inode, sqfs_inode_generic_t* data) {
  Placement& placement = placements_[inode.id];
  XAAS_TRY(check(sqfs_id_table_id_to_index(owners_.get(), 0, &data->base.uid_idx), "cannot write an owner"));
  data->base.gid_idx = data->base.uid_idx;
  data->base.mode = static_cast<sqfs_u16>(mode_of(inode));
  data->base.mod_time = super_.modification_time;
  data->base.inode_number = placement.number;
  sqfs_u64 block = 0;
  sqfs_u32 offset = 0;
  sqfs_meta_writer_get_position(inode_table_.get(), &block, &offset);
  placement.ref = block << 16 | offset;
  placement.written = true;
  return check(sqfs_meta_writer_write_inode(inode_table_.get(), data), "cannot write an inode");
}

Result<std::uint32_t> Session::write_xattrs(const TreeInode& inode) {
  if (inode.options.xattrs.empty()) return kNoIndex;
  constexpr std::string_view kWhat = "cannot write extended attributes";
  XAAS_TRY(check(sqfs_xattr_writer_begin(xattrs_.get(), 0), kWhat));
  for (const auto& [name, value] : inode.options.xattrs) {
    XAAS_TRY(check(sqfs_xattr_writer_add(xattrs_.get(), name.c_str(), value.data(), value.size()), kWhat));
  }
  std::uint32_t index = kNoIndex;
  XAAS_TRY(check(sqfs_xattr_writer_end(xattrs_.get(), &index), kWhat));
  return index;
}

Status Session::write_tables() {
  const Placement& root = placements_[tree_.root().id];
  XAAS_TRY(check(sqfs_frag_table_write(fragments_.get(), file_.get(), &super_, compressor_.get()), "fragment table"));
  XAAS_TRY(check(sqfs_dir_writer_write_export_table(directories_.get(), file_.get(), compressor_.get(), root.number,
                                                    root.ref, &super_),
                 "export table"));
  XAAS_TRY(check(sqfs_id_table_write(owners_.get(), file_.get(), &super_, compressor_.get()), "owner table"));
  return check(sqfs_xattr_writer_flush(xattrs_.get(), file_.get(), &super_, compressor_.get()), "xattr table");
}

Result<std::uint64_t> Session::end() {
  super_.bytes_used = file_.size();
  XAAS_TRY(check(sqfs_super_write(&super_, file_.get()), "cannot write the super block"));
  Trailer trailer;
  trailer.squashfs_size = super_.bytes_used;
  trailer.length = kTrailerAlignment;
  const std::string bytes = encode_trailer(trailer);
  XAAS_TRY(check(file_.get()->write_at(file_.get(), trailer_offset(super_.bytes_used), bytes.data(), bytes.size()),
                 "cannot write the trailer"));
  return options_.runner.size() + file_.size();
}

}  // namespace

class SquashfsWriter::Impl {
 public:
  Impl(std::filesystem::path target, const WriterOptions& options, TempFile file)
      : target(std::move(target)), options(options), file(std::move(file)) {}

  std::filesystem::path target;
  WriterOptions options;
  TempFile file;
  SquashfsTree tree;
};

SquashfsWriter::SquashfsWriter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SquashfsWriter::~SquashfsWriter() = default;

Result<std::unique_ptr<SquashfsWriter>> SquashfsWriter::create(const std::filesystem::path& target,
                                                               const WriterOptions& options) {
  const std::filesystem::path directory = target.has_parent_path() ? target.parent_path() : ".";
  XAAS_ASSIGN(TempFile file, TempFile::create(directory));
  return std::unique_ptr<SquashfsWriter>(new SquashfsWriter(std::make_unique<Impl>(target, options, std::move(file))));
}

Status SquashfsWriter::add_directory(std::string_view path, const EntryOptions& options) {
  return impl_->tree.add_directory(path, options);
}

Status SquashfsWriter::add_bytes(std::string_view path, std::string content, const EntryOptions& options) {
  return impl_->tree.add_bytes(path, std::move(content), options);
}

Status SquashfsWriter::add_file(std::string_view path, const std::filesystem::path& source,
                                const EntryOptions& options) {
  return impl_->tree.add_file(path, source, options);
}

Status SquashfsWriter::add_stream(std::string_view path, Stream content, const EntryOptions& options) {
  return impl_->tree.add_stream(path, std::move(content), options);
}

Status SquashfsWriter::add_symlink(std::string_view path, std::string_view target, const EntryOptions& options) {
  return impl_->tree.add_symlink(path, target, options);
}

Status SquashfsWriter::add_hard_link(std::string_view path, std::string_view existing) {
  return impl_->tree.add_hard_link(path, existing);
}

Result<std::uint64_t> SquashfsWriter::finish() {
  const std::string name = impl_->target.string();
  const auto in_image = [&](Error error) { return Error{error.code, fmt::format("{}: {}", name, error.message)}; };
  Session session(impl_->tree, impl_->options, impl_->file.fd());
  const auto write = [&]() -> Result<std::uint64_t> {
    if (!impl_->options.runner.empty()) {
      XAAS_TRY(write_all(impl_->file.fd(), impl_->options.runner));
      XAAS_TRY(make_executable_for_readers(impl_->file.fd()));
    }
    XAAS_TRY(session.begin());
    XAAS_TRY(session.write_data());
    XAAS_TRY(session.write_inodes());
    XAAS_TRY(session.write_tables());
    return session.end();
  };
  XAAS_ASSIGN(const std::uint64_t size, write().map_error(in_image));
  XAAS_TRY(impl_->file.commit(impl_->target));
  return size;
}

}  // namespace xaas
