// See operations.h. Every handler answers its request exactly once; -errno is made in errno_of and nowhere else.
#include "fuse/operations.h"

#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <vector>

namespace xaas {
namespace {

constexpr double kForever = 1e9;  // seconds; what is served never changes, and moved names are announced

Mounted& mounted(fuse_req_t request) { return *static_cast<Mounted*>(fuse_req_userdata(request)); }

int errno_of(const Error& error) {
  switch (error.code) {
    case Code::not_found:
      return ENOENT;
    case Code::permission:
      return EACCES;
    case Code::unsupported:
      return ENOTSUP;
    case Code::interrupted:
      return EINTR;
    case Code::invalid:
    case Code::io:
    case Code::failed:
      break;
  }
  return EIO;
}

void reply_error(fuse_req_t request, const Error& error) {
  const int number = errno_of(error);
  if (number == EIO) mounted(request).log->warning(error.message);
  fuse_reply_err(request, number);
}

double attribute_lifetime(NodeId node) { return node == kStatusNode ? 0 : kForever; }

fuse_entry_param to_param(const ServedEntry& entry) {
  fuse_entry_param result{};
  result.ino = entry.node;
  result.attr = entry.attributes;
  result.attr_timeout = attribute_lifetime(entry.node);
  result.entry_timeout = kForever;
  return result;
}

void init(void* /*userdata*/, fuse_conn_info* connection) {
  for (const unsigned wanted : {FUSE_CAP_SPLICE_WRITE, FUSE_CAP_SPLICE_MOVE, FUSE_CAP_CACHE_SYMLINKS,
                                FUSE_CAP_READDIRPLUS, FUSE_CAP_PARALLEL_DIROPS, FUSE_CAP_ASYNC_READ}) {
    connection->want |= connection->capable & wanted;
  }
  // Nothing changes behind the kernel's back, so it need not ask; and every directory read is worth the attributes.
  connection->want &= ~static_cast<unsigned>(FUSE_CAP_AUTO_INVAL_DATA);
  connection->max_background = 64;
}

void lookup(fuse_req_t request, fuse_ino_t parent, const char* name) {
  const Result<ServedEntry> found = mounted(request).tree->lookup(parent, name);
  if (found) {
    const fuse_entry_param param = to_param(*found);
    fuse_reply_entry(request, &param);
    return;
  }
  if (found.error().code != Code::not_found) return reply_error(request, found.error());
  fuse_entry_param absent{};  // node 0: that there is no such name may be remembered as well
  absent.entry_timeout = kForever;
  fuse_reply_entry(request, &absent);
}

void get_attributes(fuse_req_t request, fuse_ino_t node, fuse_file_info* /*info*/) {
  const auto attributes = mounted(request).tree->attributes(node);
  if (!attributes) return reply_error(request, attributes.error());
  fuse_reply_attr(request, &*attributes, attribute_lifetime(node));
}

void read_link(fuse_req_t request, fuse_ino_t node) {
  const Result<std::string> target = mounted(request).tree->read_link(node);
  if (!target) return reply_error(request, target.error());
  fuse_reply_readlink(request, target->c_str());
}

// Nodes are not kept, so there is nothing to forget.
void forget(fuse_req_t request, fuse_ino_t /*node*/, std::uint64_t /*count*/) { fuse_reply_none(request); }
void forget_many(fuse_req_t request, std::size_t /*count*/, fuse_forget_data* /*nodes*/) { fuse_reply_none(request); }

// fuse_file_info::fh of an open file: of the status its text (owned), of a lazy file its Content (borrowed), else 0.
template <typename T>
std::uint64_t to_handle(T* pointer) {
  return reinterpret_cast<std::uint64_t>(pointer);
}
template <typename T>
T* from_handle(const fuse_file_info& info) {
  return reinterpret_cast<T*>(info.fh);
}

void open_status(fuse_req_t request, fuse_file_info info) {
  auto text = std::make_unique<std::string>(mounted(request).status());
  info.direct_io = 1;  // its size is not known when it is looked up
  info.noflush = 1;
  info.fh = to_handle(text.get());
  if (fuse_reply_open(request, &info) == 0) (void)text.release();  // else there will be no release
}

void interrupt_open(fuse_req_t request, void* id) {
  mounted(request).files->interrupt(reinterpret_cast<std::uintptr_t>(id));
}

void open_lazy(fuse_req_t request, const Node& node, fuse_file_info info) {
  static std::atomic<std::uint64_t> next_id{1};
  OpenRequest open;
  open.id = next_id++;
  open.interrupted = [request] { return fuse_req_interrupted(request) != 0; };
  open.answer = [request, info](int error, const Content* content) mutable {
    if (error != 0) {
      fuse_reply_err(request, error);
      return;
    }
    info.fh = to_handle(content);
    fuse_reply_open(request, &info);
  };
  // Before it is parked: from then on it may be answered, and freed, at any time.
  fuse_req_interrupt_func(request, interrupt_open, reinterpret_cast<void*>(open.id));
  mounted(request).files->open(node.ref, node.generation, std::move(open));
}

void open(fuse_req_t request, fuse_ino_t id, fuse_file_info* given) {
  fuse_file_info info = *given;
  if (id == kStatusNode) return open_status(request, info);
  info.keep_cache = 1;
  info.noflush = 1;
  info.fh = 0;
  const Node node = mounted(request).tree->split(id);
  if (node.generation != Generation::image) return open_lazy(request, node, info);
  fuse_reply_open(request, &info);
}

void release(fuse_req_t request, fuse_ino_t node, fuse_file_info* info) {
  if (node == kStatusNode) delete from_handle<std::string>(*info);
  fuse_reply_err(request, 0);
}

// A buffer of this thread, so that reads do not allocate.
std::span<std::byte> read_buffer(std::size_t size) {
  static thread_local std::vector<std::byte> buffer;
  if (buffer.size() < size) buffer.resize(size);
  return std::span(buffer).first(size);
}

void reply_bytes(fuse_req_t request, std::span<const std::byte> bytes) {
  fuse_reply_buf(request, reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

void reply_file_range(fuse_req_t request, int fd, std::uint64_t offset, std::size_t size) {
  fuse_bufvec range{};
  range.count = 1;
  range.buf[0].size = size;
  range.buf[0].flags = static_cast<fuse_buf_flags>(FUSE_BUF_IS_FD | FUSE_BUF_FD_SEEK);
  range.buf[0].fd = fd;
  range.buf[0].pos = static_cast<off_t>(offset);
  fuse_reply_data(request, &range, FUSE_BUF_SPLICE_MOVE);
}

// All of `into` from a file; a file that ends before is damaged.
Status read_file_range(int fd, std::uint64_t offset, std::span<std::byte> into) {
  while (!into.empty()) {
    const ssize_t count = ::pread(fd, into.data(), into.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail_errno("cannot read a lowered file");
    if (count == 0) return fail(Code::io, "a lowered file in the cache was truncated while in use");
    offset += static_cast<std::uint64_t>(count);
    into = into.subspan(static_cast<std::size_t>(count));
  }
  return {};
}

Status read_stored(const ServedTree& tree, NodeId node, const Content& content, std::uint64_t offset,
                   std::span<std::byte> into) {
  if (content.is_lowered()) return read_file_range(content.file.get(), offset, into);
  XAAS_ASSIGN(const std::size_t count, tree.read(node, offset, into));
  if (count != into.size()) return fail(Code::invalid, "a file of the image is shorter than the index says");
  return {};
}

void read_lazy(fuse_req_t request, NodeId node, const Content& content, std::uint64_t offset, std::size_t size) {
  if (offset >= content.size) return reply_bytes(request, {});
  size = static_cast<std::size_t>(std::min<std::uint64_t>(size, content.size - offset));
  const std::uint64_t left = offset < content.stored ? content.stored - offset : 0;
  const std::size_t stored = static_cast<std::size_t>(std::min<std::uint64_t>(size, left));
  if (content.is_lowered() && stored == size) return reply_file_range(request, content.file.get(), offset, size);
  const std::span<std::byte> buffer = read_buffer(size);
  if (stored > 0) {
    const Status done = read_stored(*mounted(request).tree, node, content, offset, buffer.first(stored));
    if (!done) return reply_error(request, done.error());
  }
  std::ranges::fill(buffer.subspan(stored), std::byte{0});
  reply_bytes(request, buffer);
}

void read(fuse_req_t request, fuse_ino_t node, std::size_t size, off_t position, fuse_file_info* info) {
  const auto offset = static_cast<std::uint64_t>(position);
  if (node == kStatusNode) {
    const auto& text = *from_handle<std::string>(*info);
    const auto bytes = std::as_bytes(std::span(text));
    const std::size_t begin = static_cast<std::size_t>(std::min<std::uint64_t>(offset, bytes.size()));
    return reply_bytes(request, bytes.subspan(begin, std::min(size, bytes.size() - begin)));
  }
  if (info->fh != 0) return read_lazy(request, node, *from_handle<const Content>(*info), offset, size);
  const std::span<std::byte> buffer = read_buffer(size);
  const Result<std::size_t> count = mounted(request).tree->read(node, offset, buffer);
  if (!count) return reply_error(request, count.error());
  reply_bytes(request, buffer.first(*count));
}

void open_directory(fuse_req_t request, fuse_ino_t node, fuse_file_info* given) {
  auto entries = mounted(request).tree->list(node);
  if (!entries) return reply_error(request, entries.error());
  auto owned = std::make_unique<std::vector<DirectoryEntry>>(std::move(*entries));
  fuse_file_info info = *given;
  info.fh = to_handle(owned.get());
  info.keep_cache = 1;
  info.cache_readdir = 1;
  if (fuse_reply_open(request, &info) == 0) (void)owned.release();
}

void release_directory(fuse_req_t request, fuse_ino_t /*node*/, fuse_file_info* info) {
  delete from_handle<std::vector<DirectoryEntry>>(*info);
  fuse_reply_err(request, 0);
}

// Offsets: 0 ".", 1 "..", then the entries; an entry carries the offset of the next.
constexpr const char* kDots[] = {".", ".."};

std::size_t add_plain(fuse_req_t request, std::span<char> room, NodeId /*directory*/, const DirectoryEntry& entry,
                      off_t next) {
  struct stat attributes{};
  attributes.st_ino = entry.inode;
  attributes.st_mode = entry.type;
  return fuse_add_direntry(request, room.data(), room.size(), entry.name.c_str(), &attributes, next);
}

std::size_t add_plus(fuse_req_t request, std::span<char> room, NodeId directory, const DirectoryEntry& entry,
                     off_t next) {
  if (fuse_add_direntry_plus(request, nullptr, 0, entry.name.c_str(), nullptr, 0) > room.size()) return room.size() + 1;
  fuse_entry_param param{};  // node 0 where it cannot be read: then the name is shown, and using it says why
  param.attr.st_ino = entry.inode;
  param.attr.st_mode = entry.type;
  const Result<ServedEntry> served = mounted(request).tree->entry(directory, entry);
  if (served) param = to_param(*served);
  return fuse_add_direntry_plus(request, room.data(), room.size(), entry.name.c_str(), &param, next);
}

std::size_t add_dot(fuse_req_t request, std::span<char> room, const char* name, off_t next, bool plus) {
  fuse_entry_param param{};
  param.attr.st_ino = 1;
  param.attr.st_mode = S_IFDIR;
  return plus ? fuse_add_direntry_plus(request, room.data(), room.size(), name, &param, next)
              : fuse_add_direntry(request, room.data(), room.size(), name, &param.attr, next);
}

void read_entries(fuse_req_t request, NodeId directory, std::size_t size, off_t offset, const fuse_file_info& info,
                  bool plus) {
  const auto& entries = *from_handle<const std::vector<DirectoryEntry>>(info);
  const std::span<std::byte> bytes = read_buffer(size);
  const std::span<char> buffer(reinterpret_cast<char*>(bytes.data()), bytes.size());
  std::size_t used = 0;
  for (auto position = static_cast<std::size_t>(offset); position < entries.size() + 2; ++position) {
    const std::span<char> room = buffer.subspan(used);
    const auto next = static_cast<off_t>(position + 1);
    const std::size_t length = position < 2 ? add_dot(request, room, kDots[position], next, plus)
                               : plus       ? add_plus(request, room, directory, entries[position - 2], next)
                                            : add_plain(request, room, directory, entries[position - 2], next);
    if (length > room.size()) break;
    used += length;
  }
  fuse_reply_buf(request, buffer.data(), used);
}

void read_directory(fuse_req_t request, fuse_ino_t node, std::size_t size, off_t offset, fuse_file_info* info) {
  read_entries(request, node, size, offset, *info, false);
}

void read_directory_plus(fuse_req_t request, fuse_ino_t node, std::size_t size, off_t offset, fuse_file_info* info) {
  read_entries(request, node, size, offset, *info, true);
}

// An attribute's value, or with size 0 its length.
void reply_sized(fuse_req_t request, std::string_view bytes, std::size_t size) {
  if (size == 0) {
    fuse_reply_xattr(request, bytes.size());
  } else if (bytes.size() > size) {
    fuse_reply_err(request, ERANGE);
  } else {
    fuse_reply_buf(request, bytes.data(), bytes.size());
  }
}

void get_xattr(fuse_req_t request, fuse_ino_t node, const char* name, std::size_t size) {
  const Result<Xattrs> all = mounted(request).tree->xattrs(node);
  if (!all) return reply_error(request, all.error());
  const auto found = std::ranges::find(*all, name, &Xattrs::value_type::first);
  if (found == all->end()) {
    fuse_reply_err(request, ENODATA);
    return;
  }
  reply_sized(request, found->second, size);
}

void list_xattrs(fuse_req_t request, fuse_ino_t node, std::size_t size) {
  const Result<Xattrs> all = mounted(request).tree->xattrs(node);
  if (!all) return reply_error(request, all.error());
  std::string names;
  for (const auto& [name, value] : *all) names.append(name).push_back('\0');
  reply_sized(request, names, size);
}

void get_statistics(fuse_req_t request, fuse_ino_t /*node*/) {
  const SquashfsReader& squashfs = mounted(request).image->squashfs();
  struct statvfs result{};
  result.f_bsize = result.f_frsize = 128 << 10;
  result.f_blocks = (squashfs.image_size() + result.f_frsize - 1) / result.f_frsize;
  result.f_files = squashfs.inode_count();
  result.f_namemax = 256;
  fuse_reply_statfs(request, &result);
}

fuse_lowlevel_ops make_operations() {
  fuse_lowlevel_ops result{};
  result.init = init;
  result.lookup = lookup;
  result.forget = forget;
  result.forget_multi = forget_many;
  result.getattr = get_attributes;
  result.readlink = read_link;
  result.open = open;
  result.read = read;
  result.release = release;
  result.opendir = open_directory;
  result.readdir = read_directory;
  result.readdirplus = read_directory_plus;
  result.releasedir = release_directory;
  result.statfs = get_statistics;
  result.getxattr = get_xattr;
  result.listxattr = list_xattrs;
  return result;
}

}  // namespace

const fuse_lowlevel_ops& operations() {
  static const fuse_lowlevel_ops kOperations = make_operations();
  return kOperations;
}

void announce_moved(fuse_session* session, const std::set<NodeName>& names) {
  // ENOENT: the kernel does not know the name (any more), and will look it up.
  for (const NodeName& name : names) {
    fuse_lowlevel_notify_inval_entry(session, name.parent, name.name.data(), name.name.size());
  }
}

}  // namespace xaas
