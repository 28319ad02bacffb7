// The tree of entries to be written; see tree.h.
#include "format/squashfs/tree.h"

#include <sys/stat.h>

#include "format/base/paths.h"
#include "format/squashfs/xattrs.h"

namespace xaas {
namespace {

// The limits of Linux.
constexpr std::size_t kMaxXattrName = 255;
constexpr std::size_t kMaxXattrValue = 65536;

bool has_nul(std::string_view text) { return text.find('\0') != std::string_view::npos; }

Result<std::vector<std::string_view>> split(std::string_view path) {
  if (path.size() > kMaxPath)
    return fail(Code::invalid, "{}...: the path is longer than {} bytes", path.substr(0, 64), kMaxPath);
  if (has_nul(path)) return fail(Code::invalid, "{}: the path contains a NUL byte", path.substr(0, path.find('\0')));
  std::vector<std::string_view> components;
  while (true) {
    const std::size_t slash = path.find('/');
    const std::string_view name = path.substr(0, slash);
    if (name.empty() || name == "." || name == "..") {
      return fail(Code::invalid, "\"{}\": a path in an image has no empty, \".\" or \"..\" component", path);
    }
    if (name.size() > kMaxName) return fail(Code::invalid, "{}: the name is longer than {} bytes", name, kMaxName);
    components.push_back(name);
    if (slash == std::string_view::npos) return components;
    path.remove_prefix(slash + 1);
  }
}

Status check_xattrs(std::string_view path, const std::map<std::string, std::string>& xattrs) {
  for (const auto& [name, value] : xattrs) {
    const bool is_ours = name.starts_with(kXattrPrefix) && name.size() > kXattrPrefix.size();
    if (!is_ours || has_nul(name) || name.size() > kMaxXattrName) {
      return fail(Code::unsupported, "{}: an image holds no extended attribute \"{}\", only those of {}", path, name,
                  kXattrPrefix);
    }
    if (value.size() > kMaxXattrValue) {
      return fail(Code::unsupported, "{}: the extended attribute {} is larger than {} bytes", path, name,
                  kMaxXattrValue);
    }
  }
  return {};
}

const char* type_name(mode_t mode) {
  switch (mode & S_IFMT) {
    case S_IFDIR:
      return "directory";
    case S_IFCHR:
      return "character device";
    case S_IFBLK:
      return "block device";
    case S_IFIFO:
      return "named pipe";
    case S_IFSOCK:
      return "socket";
    default:
      return "special file";
  }
}

Status check_regular(const std::filesystem::path& source) {
  struct stat status{};
  if (stat(source.c_str(), &status) != 0) return fail_errno(fmt::format("cannot read {}", source.string()));
  if (S_ISREG(status.st_mode)) return {};
  return fail(Code::unsupported,
              "{} is a {}: an image holds regular files, directories and symbolic links, so leave it out",
              source.string(), type_name(status.st_mode));
}

bool same(const EntryOptions& a, const EntryOptions& b) {
  return a.permissions == b.permissions && a.xattrs == b.xattrs;
}

}  // namespace

SquashfsTree::SquashfsTree() {
  new_inode(TreeInode::Kind::directory, {.permissions = 0755, .xattrs = {}})->implicit = true;
}

TreeInode* SquashfsTree::new_inode(TreeInode::Kind kind, const EntryOptions& options) {
  auto inode = std::make_unique<TreeInode>();
  inode->kind = kind;
  inode->id = inodes_.size();
  inode->options = options;
  inode->options.permissions &= kPermissionBits;
  inodes_.push_back(std::move(inode));
  return inodes_.back().get();
}

Result<TreeInode*> SquashfsTree::parent_of(std::string_view path, std::string& name) {
  XAAS_ASSIGN(const std::vector<std::string_view> components, split(path));
  TreeInode* directory = inodes_.front().get();
  for (std::size_t i = 0; i + 1 < components.size(); ++i) {
    TreeInode*& child = directory->children[std::string(components[i])];
    if (child == nullptr) {
      child = new_inode(TreeInode::Kind::directory, {.permissions = 0755, .xattrs = {}});
      child->implicit = true;
    }
    if (child->kind != TreeInode::Kind::directory) {
      return fail(Code::invalid, "{}: \"{}\" in it is not a directory", path, components[i]);
    }
    directory = child;
  }
  name = components.back();
  return directory;
}

Result<TreeInode*> SquashfsTree::add(TreeInode::Kind kind, std::string_view path, const EntryOptions& options) {
  XAAS_TRY(check_xattrs(path, options.xattrs));
  std::string name;
  XAAS_ASSIGN(TreeInode * parent, parent_of(path, name));
  TreeInode*& entry = parent->children[name];
  if (entry != nullptr) return fail(Code::invalid, "{}: added to the image twice", path);
  entry = new_inode(kind, options);
  entry->links = 1;
  return entry;
}

Status SquashfsTree::add_directory(std::string_view path, const EntryOptions& options) {
  XAAS_TRY(check_xattrs(path, options.xattrs));
  TreeInode* directory = inodes_.front().get();
  if (!path.empty()) {
    std::string name;
    XAAS_ASSIGN(TreeInode * parent, parent_of(path, name));
    TreeInode*& entry = parent->children[name];
    if (entry == nullptr) {
      entry = new_inode(TreeInode::Kind::directory, options);
      return {};
    }
    directory = entry;
  }
  EntryOptions wanted = options;
  wanted.permissions &= kPermissionBits;
  if (directory->kind != TreeInode::Kind::directory) return fail(Code::invalid, "{}: added to the image twice", path);
  if (!directory->implicit && !same(directory->options, wanted)) {
    return fail(Code::invalid, "{}: added to the image twice, with different permissions or attributes", path);
  }
  directory->options = std::move(wanted);
  directory->implicit = false;
  return {};
}

Status SquashfsTree::add_bytes(std::string_view path, std::string content, const EntryOptions& options) {
  XAAS_ASSIGN(TreeInode * inode, add(TreeInode::Kind::bytes, path, options));
  inode->content = std::move(content);
  return {};
}

Status SquashfsTree::add_file(std::string_view path, const std::filesystem::path& source, const EntryOptions& options) {
  XAAS_TRY(check_regular(source));
  XAAS_ASSIGN(TreeInode * inode, add(TreeInode::Kind::file, path, options));
  inode->source = source;
  return {};
}

Status SquashfsTree::add_stream(std::string_view path, Stream content, const EntryOptions& options) {
  XAAS_ASSIGN(TreeInode * inode, add(TreeInode::Kind::stream, path, options));
  inode->stream = std::move(content);
  return {};
}

Status SquashfsTree::add_symlink(std::string_view path, std::string_view target, const EntryOptions& options) {
  if (target.empty() || target.size() > kMaxPath || has_nul(target)) {
    return fail(Code::invalid, "{}: the target of a symbolic link has 1 to {} bytes, none of them NUL", path, kMaxPath);
  }
  XAAS_ASSIGN(TreeInode * inode, add(TreeInode::Kind::symlink, path, options));
  inode->content = target;
  return {};
}

Status SquashfsTree::add_hard_link(std::string_view path, std::string_view existing) {
  std::string name;
  XAAS_ASSIGN(TreeInode * target_parent, parent_of(existing, name));
  const auto target = target_parent->children.find(name);
  if (target == target_parent->children.end())
    return fail(Code::not_found, "{}: nothing to link {} to", existing, path);
  TreeInode* inode = target->second;
  if (inode->kind == TreeInode::Kind::directory)
    return fail(Code::invalid, "{}: a directory has no hard links", existing);
  XAAS_ASSIGN(TreeInode * parent, parent_of(path, name));
  TreeInode*& entry = parent->children[name];
  if (entry != nullptr) return fail(Code::invalid, "{}: added to the image twice", path);
  entry = inode;
  ++inode->links;
  return {};
}

}  // namespace xaas
