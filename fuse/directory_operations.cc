// See directory_operations.h.
#include "fuse/directory_operations.h"

#include <sys/stat.h>

#include <cstddef>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "fuse/replies.h"

namespace xaas {
namespace {

// fuse_file_info::fh of a directory points to this.
struct OpenDirectory {
  ino_t inode;
  std::vector<DirectoryEntry> entries;
};

enum class Plus { no, yes };  // yes: each entry has its attributes, which nobody need ask for then

void open_directory(fuse_req_t request, fuse_ino_t node, fuse_file_info* given) {
  const ServedTree& tree = *mounted(request).tree;
  const auto attributes = tree.attributes(node);
  if (!attributes) return reply_error(request, attributes.error());
  auto entries = tree.list(node);
  if (!entries) return reply_error(request, entries.error());
  auto directory = std::make_unique<OpenDirectory>(OpenDirectory{attributes->st_ino, std::move(*entries)});
  fuse_file_info info = *given;
  info.fh = to_handle(directory.get());
  info.keep_cache = 1;
  info.cache_readdir = 1;
  if (fuse_reply_open(request, &info) == 0) (void)directory.release();  // after a failure there is no release
}

void release_directory(fuse_req_t request, fuse_ino_t /*node*/, fuse_file_info* info) {
  delete from_handle<OpenDirectory>(*info);
  fuse_reply_err(request, 0);
}

// Each add_… returns the size of its entry. If there is less room than that, it has added nothing.

std::size_t add_plain(fuse_req_t request, std::span<char> room, const DirectoryEntry& entry, off_t next) {
  struct stat attributes{};
  attributes.st_ino = entry.inode;
  attributes.st_mode = entry.type;
  return fuse_add_direntry(request, room.data(), room.size(), entry.name.c_str(), &attributes, next);
}

std::size_t add_plus(fuse_req_t request, std::span<char> room, NodeId directory, const DirectoryEntry& entry,
                     off_t next) {
  const std::size_t length = fuse_add_direntry_plus(request, nullptr, 0, entry.name.c_str(), nullptr, 0);
  if (length > room.size()) return length;
  fuse_entry_param param{};  // node 0 where it cannot be read: then the name is shown, and using it says why
  param.attr.st_ino = entry.inode;
  param.attr.st_mode = entry.type;
  const Result<ServedEntry> served = mounted(request).tree->entry(directory, entry);
  if (served) param = to_param(*served);
  return fuse_add_direntry_plus(request, room.data(), room.size(), entry.name.c_str(), &param, next);
}

std::size_t add_dot(fuse_req_t request, std::span<char> room, const char* name, ino_t inode, off_t next, Plus plus) {
  fuse_entry_param param{};
  param.attr.st_ino = inode;
  param.attr.st_mode = S_IFDIR;
  return plus == Plus::yes ? fuse_add_direntry_plus(request, room.data(), room.size(), name, &param, next)
                           : fuse_add_direntry(request, room.data(), room.size(), name, &param.attr, next);
}

// Offset 0 is ".", offset 1 is "..", then come the entries. Each entry carries the offset of the next one.
std::size_t add_at(fuse_req_t request, std::span<char> room, NodeId node, const OpenDirectory& directory,
                   std::size_t position, Plus plus) {
  const auto next = static_cast<off_t>(position + 1);
  if (position == 0) return add_dot(request, room, ".", directory.inode, next, plus);
  if (position == 1) return add_dot(request, room, "..", 1, next, plus);  // nobody looks at this number
  const DirectoryEntry& entry = directory.entries[position - 2];
  return plus == Plus::yes ? add_plus(request, room, node, entry, next) : add_plain(request, room, entry, next);
}

void read_entries(fuse_req_t request, NodeId node, std::size_t size, off_t offset, const fuse_file_info& info,
                  Plus plus) {
  const auto& directory = *from_handle<const OpenDirectory>(info);
  const std::span<std::byte> bytes = read_buffer(size);
  const std::span<char> buffer(reinterpret_cast<char*>(bytes.data()), bytes.size());
  std::size_t used = 0;
  for (auto position = static_cast<std::size_t>(offset); position < directory.entries.size() + 2; ++position) {
    const std::span<char> room = buffer.subspan(used);
    const std::size_t length = add_at(request, room, node, directory, position, plus);
    if (length > room.size()) break;
    used += length;
  }
  fuse_reply_buf(request, buffer.data(), used);
}

void read_directory(fuse_req_t request, fuse_ino_t node, std::size_t size, off_t offset, fuse_file_info* info) {
  read_entries(request, node, size, offset, *info, Plus::no);
}

void read_directory_plus(fuse_req_t request, fuse_ino_t node, std::size_t size, off_t offset, fuse_file_info* info) {
  read_entries(request, node, size, offset, *info, Plus::yes);
}

}  // namespace

void add_directory_operations(fuse_lowlevel_ops& operations) {
  operations.opendir = open_directory;
  operations.readdir = read_directory;
  operations.readdirplus = read_directory_plus;
  operations.releasedir = release_directory;
}

}  // namespace xaas
