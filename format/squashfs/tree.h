// The tree of entries that a SquashfsWriter collects before it writes: checked names, sorted directories, shared inodes
// for hard links. The order of the calls does not matter.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "format/base/error.h"
#include "format/squashfs/types.h"

namespace xaas {

struct TreeInode {
  enum class Kind { directory, bytes, file, stream, symlink };

  Kind kind = Kind::directory;
  std::size_t id = 0;  // position in SquashfsTree::inodes()
  EntryOptions options;
  bool implicit = false;                       // a directory that was made only as the parent of others
  std::string content;                         // bytes: the content; symlink: the target
  std::filesystem::path source;                // file: where the content is read from
  Stream stream;                               // stream: gives the content
  std::uint32_t links = 0;                     // number of names of a file or symlink
  std::map<std::string, TreeInode*> children;  // of a directory
};

class SquashfsTree {
 public:
  SquashfsTree();

  Status add_directory(std::string_view path, const EntryOptions& options);
  Status add_bytes(std::string_view path, std::string content, const EntryOptions& options);
  Status add_file(std::string_view path, const std::filesystem::path& source, const EntryOptions& options);
  Status add_stream(std::string_view path, Stream content, const EntryOptions& options);
  Status add_symlink(std::string_view path, std::string_view target, const EntryOptions& options);
  Status add_hard_link(std::string_view path, std::string_view existing);

  const TreeInode& root() const { return *inodes_.front(); }
  const std::vector<std::unique_ptr<TreeInode>>& inodes() const { return inodes_; }

 private:
  TreeInode* new_inode(TreeInode::Kind kind, const EntryOptions& options);
  // The directory for the last component of `path`. Stores that component in `name`, and makes directories that are
  // missing.
  Result<TreeInode*> parent_of(std::string_view path, std::string& name);
  Result<TreeInode*> add(TreeInode::Kind kind, std::string_view path, const EntryOptions& options);

  std::vector<std::unique_ptr<TreeInode>> inodes_;
};

}  // namespace xaas
