// See operations.h. Every handler answers its request exactly once.
#include "fuse/operations.h"

#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "format/base/paths.h"
#include "fuse/directory_operations.h"
#include "fuse/replies.h"

namespace xaas {
namespace {

void init(void* /*userdata*/, fuse_conn_info* connection) {
  for (const unsigned wanted :
       {FUSE_CAP_CACHE_SYMLINKS, FUSE_CAP_READDIRPLUS, FUSE_CAP_PARALLEL_DIROPS, FUSE_CAP_ASYNC_READ}) {
    connection->want |= connection->capable & wanted;
  }
  // Nothing changes behind the kernel's back, so the kernel need not ask. The kernel also decides whether a listing
  // comes with attributes, by what is looked up afterwards (READDIRPLUS_AUTO, libfuse's default).
  connection->want &= ~static_cast<unsigned>(FUSE_CAP_AUTO_INVAL_DATA);
  // With this, a process whose O_DIRECT read waits for a file to be lowered could not even be killed.
  connection->want &= ~static_cast<unsigned>(FUSE_CAP_ASYNC_DIO);
  // Reads that wait for a file to be lowered count here, and other reads must not wait for them.
  connection->max_background = 0xffff;  // as many as the kernel allows this user
}

void look_up_status(fuse_req_t request) {
  const StatusNodes::Status status = mounted(request).statuses->look_up();
  fuse_entry_param param = to_param({status.node, mounted(request).tree->status_attributes(status.text->size())});
  param.entry_timeout = 0;  // the name may stand for another node next time
  StatusNodes* statuses = mounted(request).statuses;
  if (fuse_reply_entry(request, &param) != 0) statuses->forget(status.node, 1);  // the kernel never knew it
}

void lookup(fuse_req_t request, fuse_ino_t parent, const char* name) {
  if (mounted(request).tree->is_status(parent, name)) return look_up_status(request);
  const Result<ServedEntry> found = mounted(request).tree->lookup(parent, name);
  if (found) {
    const fuse_entry_param param = to_param(*found);
    fuse_reply_entry(request, &param);
    return;
  }
  if (found.error().code != Code::not_found) return reply_error(request, found.error());
  fuse_entry_param absent{};  // node 0: the kernel may remember that there is no such name
  absent.entry_timeout = kForever;
  fuse_reply_entry(request, &absent);
}

// REQUIRES: is_made(node).
Result<std::shared_ptr<const std::string>> status_text_of(const Mounted& mounted, fuse_ino_t node) {
  auto text = mounted.statuses->text(node);
  if (!text) return fail(Code::not_found, "this status is gone");
  return text;
}

Result<struct stat> attributes_of(const Mounted& mounted, fuse_ino_t node) {
  if (!is_made(node)) return mounted.tree->attributes(node);
  XAAS_ASSIGN(const auto text, status_text_of(mounted, node));
  return mounted.tree->status_attributes(text->size());
}

void get_attributes(fuse_req_t request, fuse_ino_t node, fuse_file_info* /*info*/) {
  const auto attributes = attributes_of(mounted(request), node);
  if (!attributes) return reply_error(request, attributes.error());
  fuse_reply_attr(request, &*attributes, kForever);
}

void read_link(fuse_req_t request, fuse_ino_t node) {
  const Result<std::string> target = mounted(request).tree->read_link(node);
  if (!target) return reply_error(request, target.error());
  fuse_reply_readlink(request, target->c_str());
}

// Only nodes of the status are kept, so for other nodes there is nothing to forget.
void forget_status(fuse_req_t request, fuse_ino_t node, std::uint64_t count) {
  if (is_made(node)) mounted(request).statuses->forget(node, count);
}
void forget(fuse_req_t request, fuse_ino_t node, std::uint64_t count) {
  forget_status(request, node, count);
  fuse_reply_none(request);
}
void forget_many(fuse_req_t request, std::size_t count, fuse_forget_data* nodes) {
  for (const fuse_forget_data& forgotten : std::span(nodes, count))
    forget_status(request, forgotten.ino, forgotten.nlookup);
  fuse_reply_none(request);
}

// The content of a node never changes, and a file is lowered when it is read. So there is nothing that an open could
// do. After this answer the kernel (since Linux 3.16) opens without asking and keeps the pages: starting a program
// whose pages are in memory costs no request at all.
void open(fuse_req_t request, fuse_ino_t /*node*/, fuse_file_info* /*info*/) { fuse_reply_err(request, ENOSYS); }

struct Range {
  std::uint64_t offset;
  std::size_t size;
};

void read_content(fuse_req_t request, const Content& content, Range range) {
  if (range.offset >= content.size) return reply_bytes(request, {});
  range.size = static_cast<std::size_t>(std::min<std::uint64_t>(range.size, content.size - range.offset));
  const std::uint64_t left = range.offset < content.stored ? content.stored - range.offset : 0;
  const std::size_t stored = static_cast<std::size_t>(std::min<std::uint64_t>(range.size, left));
  const std::span<std::byte> buffer = read_buffer(range.size);
  if (stored > 0) {
    const Status done = mounted(request).tree->read(content, range.offset, buffer.first(stored));
    if (!done) return reply_error(request, done.error());
  }
  std::ranges::fill(buffer.subspan(stored), std::byte{0});
  reply_bytes(request, buffer);
}

void interrupt_read(fuse_req_t request, void* id) {
  mounted(request).files->interrupt(reinterpret_cast<std::uintptr_t>(id));
}

// Parks the read until the content of the node is decided.
void read_when_decided(fuse_req_t request, const Node& node, Range range) {
  static std::atomic<std::uint64_t> next_id{1};
  ContentRequest wanted;
  wanted.id = next_id++;
  wanted.interrupted = [request] { return fuse_req_interrupted(request) != 0; };
  wanted.answer = [request, range](int error, const Content* content) {
    if (error != 0) {
      fuse_reply_err(request, error);
      return;
    }
    read_content(request, *content, range);
  };
  // This comes before the request is parked. From then on it may be answered, and freed, at any time.
  fuse_req_interrupt_func(request, interrupt_read, reinterpret_cast<void*>(wanted.id));
  mounted(request).files->wait_for_content(node.ref, node.generation, std::move(wanted));
}

void read_status(fuse_req_t request, NodeId node, Range range) {
  const auto status = status_text_of(mounted(request), node);
  if (!status) return reply_error(request, status.error());
  const std::string& text = **status;
  const std::size_t begin = static_cast<std::size_t>(std::min<std::uint64_t>(range.offset, text.size()));
  reply_bytes(request, std::as_bytes(std::span(text)).subspan(begin, std::min(range.size, text.size() - begin)));
}

void read(fuse_req_t request, fuse_ino_t id, std::size_t size, off_t position, fuse_file_info* /*info*/) {
  const Range range{static_cast<std::uint64_t>(position), size};
  if (is_made(id)) return read_status(request, id, range);
  const Node node = mounted(request).tree->split(id);
  if (node.generation != Generation::image) {
    const Content* content = mounted(request).files->content(node.ref, node.generation);
    return content != nullptr ? read_content(request, *content, range) : read_when_decided(request, node, range);
  }
  const std::span<std::byte> buffer = read_buffer(size);
  const Result<std::size_t> count = mounted(request).tree->read(id, range.offset, buffer);
  if (!count) return reply_error(request, count.error());
  reply_bytes(request, buffer.first(*count));
}

// Answers with `bytes`, or with their number if `size` is 0.
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
  const Result<Xattrs> all = is_made(node) ? Xattrs{} : mounted(request).tree->xattrs(node);
  if (!all) return reply_error(request, all.error());
  const auto found = std::ranges::find(*all, name, &Xattrs::value_type::first);
  if (found == all->end()) {
    fuse_reply_err(request, ENODATA);
    return;
  }
  reply_sized(request, found->second, size);
}

void list_xattrs(fuse_req_t request, fuse_ino_t node, std::size_t size) {
  const Result<Xattrs> listed = is_made(node) ? Xattrs{} : mounted(request).tree->listed_xattrs(node);
  if (!listed) return reply_error(request, listed.error());
  std::string names;
  for (const auto& [name, value] : *listed) names.append(name).push_back('\0');
  reply_sized(request, names, size);
}

void get_statistics(fuse_req_t request, fuse_ino_t /*node*/) {
  const SquashfsReader& squashfs = mounted(request).image->squashfs();
  struct statvfs result{};
  result.f_bsize = result.f_frsize = 128 << 10;
  result.f_blocks = (squashfs.image_size() + result.f_frsize - 1) / result.f_frsize;
  result.f_files = squashfs.inode_count();
  result.f_namemax = kMaxName;
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

bool announce_growth(fuse_session* session, NodeId node, std::uint64_t size) {
  static constexpr std::array<char, 4096> kZeros{};
  fuse_bufvec bytes{};
  bytes.count = 1;
  bytes.buf[0].size = kZeros.size();
  bytes.buf[0].mem = const_cast<char*>(kZeros.data());  // libfuse only reads it
  const auto offset = static_cast<off_t>(size - kZeros.size());
  return fuse_lowlevel_notify_store(session, node, offset, &bytes, static_cast<fuse_buf_copy_flags>(0)) == 0;
}

void announce_moved(fuse_session* session, const std::set<NodeName>& names) {
  // ENOENT means that the kernel does not know the name (any more). It will look the name up.
  for (const NodeName& name : names) {
    fuse_lowlevel_notify_inval_entry(session, name.parent, name.name.data(), name.name.size());
  }
}

}  // namespace xaas
