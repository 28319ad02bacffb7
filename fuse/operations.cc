// See operations.h. Every handler answers its request exactly once.
#include "fuse/operations.h"

#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "fuse/directory_operations.h"
#include "fuse/replies.h"

namespace xaas {
namespace {

void init(void* /*userdata*/, fuse_conn_info* connection) {
  for (const unsigned wanted :
       {FUSE_CAP_CACHE_SYMLINKS, FUSE_CAP_READDIRPLUS, FUSE_CAP_PARALLEL_DIROPS, FUSE_CAP_ASYNC_READ}) {
    connection->want |= connection->capable & wanted;
  }
  // Nothing changes behind the kernel's back, so it need not ask. Whether a listing is worth the attributes it decides
  // itself, from what is looked up afterwards (READDIRPLUS_AUTO, libfuse's default).
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

void read_lazy(fuse_req_t request, NodeId node, const Content& content, std::uint64_t offset, std::size_t size) {
  if (offset >= content.size) return reply_bytes(request, {});
  size = static_cast<std::size_t>(std::min<std::uint64_t>(size, content.size - offset));
  const std::uint64_t left = offset < content.stored ? content.stored - offset : 0;
  const std::size_t stored = static_cast<std::size_t>(std::min<std::uint64_t>(size, left));
  const std::span<std::byte> buffer = read_buffer(size);
  if (stored > 0) {
    const Status done = mounted(request).tree->read(node, content, offset, buffer.first(stored));
    if (!done) return reply_error(request, done.error());
  }
  std::ranges::fill(buffer.subspan(stored), std::byte{0});
  reply_bytes(request, buffer);
}

void read(fuse_req_t request, fuse_ino_t node, std::size_t size, off_t position, fuse_file_info* info) {
  const auto offset = static_cast<std::uint64_t>(position);
  if (node == kStatusNode) {
    const auto& text = *from_handle<std::string>(*info);
    const std::size_t begin = static_cast<std::size_t>(std::min<std::uint64_t>(offset, text.size()));
    const std::span<std::byte> buffer = read_buffer(std::min(size, text.size() - begin));
    // Copied: who reads it may have closed the file, and another thread have freed the text, before the reply is over.
    std::ranges::copy(std::as_bytes(std::span(text)).subspan(begin, buffer.size()), buffer.begin());
    return reply_bytes(request, buffer);
  }
  if (info->fh != 0) return read_lazy(request, node, *from_handle<const Content>(*info), offset, size);
  const std::span<std::byte> buffer = read_buffer(size);
  const Result<std::size_t> count = mounted(request).tree->read(node, offset, buffer);
  if (!count) return reply_error(request, count.error());
  reply_bytes(request, buffer.first(*count));
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
  result.statfs = get_statistics;
  result.getxattr = get_xattr;
  result.listxattr = list_xattrs;
  add_directory_operations(result);
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
