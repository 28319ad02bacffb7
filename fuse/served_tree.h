// The tree as the mount shows it: the image's own tree, with nodes of their own for files that can be lowered, and with
// /.xaas/status. Knows nodes and attributes, but nothing of FUSE requests. Implements spec/mount.md, "Nodes" and "What
// is shown".
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <shared_mutex>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "format/image.h"
#include "format/moved_prefix.h"
#include "fuse/aliases.h"
#include "fuse/image_guard.h"
#include "fuse/index_cursor.h"
#include "fuse/lazy_files.h"
#include "fuse/moved_files.h"
#include "fuse/node.h"

namespace xaas {

struct TreeOptions {
  std::optional<uid_t> uid;  // owner of everything, instead of the image's
  std::optional<gid_t> gid;
  std::string triple;  // that files are lowered for
  std::string cpu;     // the same
  std::string configuration;
  std::string root;                               // the configuration's tree in the image: tree_root()
  std::optional<MovedPrefix> moved;               // none: the prefix is shown as it is
  std::vector<std::string> hidden{};              // paths in the image that are not shown
  std::map<std::string, std::string> replaced{};  // path of a file in the image -> bytes that it is shown with
};

// The node of a name, with its attributes.
struct ServedEntry {
  NodeId node = 0;
  struct stat attributes{};
};

using Xattrs = std::vector<std::pair<std::string, std::string>>;

// Thread-safe. The objects that it borrows must outlive it.
class ServedTree {
 public:
  // `files` may be null; then nothing is lowered.
  ServedTree(const Image& image, ImageGuard& guard, LazyFiles* files, TreeOptions options);

  // Whether the name is that of the mount's status. The status is no node of this tree.
  bool is_status(NodeId parent, std::string_view name) const;
  struct stat status_attributes(std::size_t size) const;

  // The node for which a name stands now. Code::not_found when there is no such name. Adds a file with a recipe to
  // `files`. Code::invalid when the index contradicts the image about the file.
  Result<ServedEntry> lookup(NodeId parent, std::string_view name);
  // The attributes of any node, also of one whose name has moved to another node.
  Result<struct stat> attributes(NodeId node) const;
  // The names in a directory. entry() completes one of them; for the status it returns Code::not_found.
  Result<std::vector<DirectoryEntry>> list(NodeId directory) const;
  Result<ServedEntry> entry(NodeId parent, const DirectoryEntry& entry);
  // Code::not_found when the node is no symbolic link.
  Result<std::string> read_link(NodeId node) const;
  // Reads bytes of a node of generation image. Returns fewer than asked for only at the end.
  Result<std::size_t> read(NodeId node, std::uint64_t offset, std::span<std::byte> into) const;
  // Whether the file at this path in the image is shown, and with bytes of the image.
  bool shows_bytes_of(std::string_view path) const;
  // A ready file as it stands in for the file that is lowered. Code::invalid when the image is damaged.
  Result<StandIn> stand_in(const ReadyFile& ready) const;
  // Reads bytes of the content of a node of another generation. REQUIRES: they lie within the stored bytes.
  Status read(const Content& content, std::uint64_t offset, std::span<std::byte> into) const;
  // The attributes that the image has. Only these are listed: what is said of the mount must not get into copies of a
  // file.
  Result<Xattrs> listed_xattrs(NodeId node) const;
  // The same, and user.xaas.{state,target,config,key,error} of files with a recipe.
  Result<Xattrs> xattrs(NodeId node) const;

  Node split(NodeId node) const { return split_node(node, root_); }
  NodeId id(const Node& node) const { return node_id(node, root_); }

 private:
  bool is_private_directory(NodeId node) const;
  // Whether the mount does not show the directory under this name, because it shows it at another place.
  bool is_elsewhere(InodeRef parent, const DirectoryEntry& entry) const;
  void remember_directory(NodeId parent, const DirectoryEntry& entry);
  Status learn(NodeId parent, const DirectoryEntry& entry, std::uint64_t size);
  Result<struct stat> shown(const Node& node, const Attributes& attributes) const;
  struct stat to_stat(const Attributes& attributes) const;

  const Image& image_;
  ImageGuard& guard_;
  LazyFiles* const files_;
  const TreeOptions options_;
  const InodeRef root_;
  IndexCursor index_;
  std::optional<InodeRef> private_directory_;
  Aliases aliases_;
  std::unordered_set<InodeRef> hidden_;
  std::unordered_map<InodeRef, std::string> replaced_;

  // Paths of directories, by which their files are looked up in the index. Only directories that were looked up are
  // here. A path ends with '/'; that of the root is tree_root().
  mutable std::shared_mutex paths_mutex_;
  std::unordered_map<InodeRef, std::string> paths_;

  MovedFiles moved_;
};

}  // namespace xaas
