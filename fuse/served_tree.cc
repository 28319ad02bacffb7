// See served_tree.h.
#include "fuse/served_tree.h"

#include <algorithm>
#include <mutex>

namespace xaas {
namespace {

constexpr std::string_view kStatusName = "status";
constexpr InodeRef kNoRef = ~InodeRef{0};
constexpr std::uint32_t kStatusInode = 0xffffffff;  // images number theirs from 1

}  // namespace

ServedTree::ServedTree(const Image& image, ImageGuard& guard, LazyFiles* files, TreeOptions options)
    : image_(image),
      guard_(guard),
      files_(files),
      options_(std::move(options)),
      root_(image.squashfs().root()),
      index_(image.files()) {
  if (auto found = image_.squashfs().resolve(kPrivateDirectory)) private_directory_ = *found;
  paths_.emplace(root_, "");
}

bool ServedTree::is_private_directory(NodeId node) const {
  return private_directory_ && split(node).ref == *private_directory_ && node != kRootNode;
}

Result<ServedEntry> ServedTree::lookup(NodeId parent, std::string_view name) {
  XAAS_TRY(guard_.check());
  if (name == kStatusName && is_private_directory(parent)) {
    XAAS_ASSIGN(const struct stat attributes, this->attributes(kStatusNode));
    return ServedEntry{kStatusNode, attributes};
  }
  XAAS_ASSIGN(const DirectoryEntry found, image_.squashfs().lookup(split(parent).ref, name));
  return entry(parent, found);
}

Result<ServedEntry> ServedTree::entry(NodeId parent, const DirectoryEntry& entry) {
  if (entry.ref == kNoRef) {
    XAAS_ASSIGN(const struct stat attributes, this->attributes(kStatusNode));
    return ServedEntry{kStatusNode, attributes};
  }
  XAAS_ASSIGN(const Attributes attributes, image_.squashfs().stat(entry.ref));
  ServedEntry served{node_id({entry.ref, Generation::image}, root_), to_stat(attributes)};
  if (files_ == nullptr) return served;
  if (S_ISDIR(attributes.mode) && entry.ref != private_directory_) {
    const std::unique_lock lock(paths_mutex_);
    const auto directory = paths_.find(split(parent).ref);
    if (directory != paths_.end()) paths_.try_emplace(entry.ref, directory->second + entry.name + "/");
  }
  if (!S_ISREG(attributes.mode)) return served;
  XAAS_ASSIGN(const bool lazy, find_recipe(parent, entry));
  if (lazy) {
    const Generation generation = files_->current(entry.ref, {parent, entry.name});
    served.node = node_id({entry.ref, generation}, root_);
    served.attributes.st_size = static_cast<off_t>(files_->size(entry.ref, generation));
  }
  return served;
}

// Whether the file is to be lowered. Then it is known to files_ afterwards.
Result<bool> ServedTree::find_recipe(NodeId parent, const DirectoryEntry& entry) {
  if (files_->contains(entry.ref)) return true;
  std::string path;
  {
    const std::shared_lock lock(paths_mutex_);
    const auto directory = paths_.find(split(parent).ref);
    if (directory == paths_.end()) return false;
    path = directory->second + entry.name;
  }
  XAAS_ASSIGN(std::optional<FileRecord> record, index_.find(path));
  if (!record || record->recipe.is_none()) return false;
  files_->add(entry.ref, std::move(*record));
  return true;
}

Result<struct stat> ServedTree::attributes(NodeId id) const {
  if (id == kStatusNode) {
    Attributes status;
    status.inode = kStatusInode;
    status.mode = S_IFREG | 0444;
    return to_stat(status);
  }
  XAAS_TRY(guard_.check());
  const Node node = split(id);
  XAAS_ASSIGN(const Attributes attributes, image_.squashfs().stat(node.ref));
  struct stat result = to_stat(attributes);
  if (node.generation != Generation::image)
    result.st_size = static_cast<off_t>(files_->size(node.ref, node.generation));
  return result;
}

Result<std::vector<DirectoryEntry>> ServedTree::list(NodeId directory) const {
  XAAS_TRY(guard_.check());
  XAAS_ASSIGN(std::vector<DirectoryEntry> entries, image_.squashfs().list(split(directory).ref));
  if (is_private_directory(directory)) {
    std::erase_if(entries, [](const DirectoryEntry& entry) { return entry.name == kStatusName; });
    entries.push_back({std::string(kStatusName), kNoRef, kStatusInode, S_IFREG});
  }
  return entries;
}

Result<std::string> ServedTree::read_link(NodeId node) const {
  XAAS_TRY(guard_.check());
  return image_.squashfs().read_link(split(node).ref);
}

Result<std::size_t> ServedTree::read(NodeId node, std::uint64_t offset, std::span<std::byte> into) const {
  XAAS_TRY(guard_.check());
  return image_.squashfs().read(split(node).ref, offset, into);
}

Result<Xattrs> ServedTree::xattrs(NodeId id) const {
  if (id == kStatusNode) return Xattrs{};
  XAAS_TRY(guard_.check());
  const Node node = split(id);
  XAAS_ASSIGN(Xattrs result, image_.squashfs().xattrs(node.ref));
  const std::optional<LazyReport> report = files_ == nullptr ? std::nullopt : files_->report(node.ref);
  if (report) {
    result.emplace_back("user.xaas.state", state_name(report->state));
    result.emplace_back("user.xaas.target", options_.target);
    result.emplace_back("user.xaas.config", options_.configuration);
    if (!report->key.empty()) result.emplace_back("user.xaas.key", report->key);
    if (!report->error.empty()) result.emplace_back("user.xaas.error", report->error);
    return result;
  }
  const bool has_recipe = std::ranges::any_of(result, [](const auto& xattr) { return xattr.first == kRecipeXattr; });
  if (has_recipe) result.emplace_back("user.xaas.state", state_name(LazyState::baseline));
  return result;
}

struct stat ServedTree::to_stat(const Attributes& attributes) const {
  struct stat result{};
  result.st_ino = attributes.inode;
  result.st_mode = attributes.mode;
  result.st_nlink = attributes.nlink;
  result.st_uid = options_.uid.value_or(attributes.uid);
  result.st_gid = options_.gid.value_or(attributes.gid);
  result.st_rdev = attributes.rdev;
  result.st_size = static_cast<off_t>(attributes.size);
  result.st_blksize = 128 << 10;
  // Of the image's bytes also where the promised size is shown: a lowered file is padded with a hole.
  result.st_blocks = static_cast<blkcnt_t>((attributes.size + 511) / 512);
  result.st_atim.tv_sec = result.st_mtim.tv_sec = result.st_ctim.tv_sec = attributes.mtime;
  return result;
}

}  // namespace xaas
