// See served_tree.h.
#include "fuse/served_tree.h"

#include <algorithm>
#include <mutex>
#include <shared_mutex>
#include <utility>

#include "format/base/file.h"
#include "format/base/paths.h"

namespace xaas {
namespace {

constexpr InodeRef kNoRef = ~InodeRef{0};
constexpr std::uint32_t kStatusInode = 0xffffffff;  // images number their inodes from 1

// Checks a record against the size that the file has in the image.
Status check_size(const FileRecord& record, std::uint64_t size) {
  if (record.size == size) return {};
  return fail(Code::invalid, "{}: {} bytes in the image but {} in its index: the image is damaged, fetch it again",
              record.path, size, record.size);
}

}  // namespace

ServedTree::ServedTree(const Image& image, ImageGuard& guard, LazyFiles* files, TreeOptions options)
    : image_(image),
      guard_(guard),
      files_(files),
      options_(std::move(options)),
      root_(image.squashfs().resolve(options_.root).value_or(image.squashfs().root())),
      index_(image.files()),
      moved_(image, options_.moved) {
  if (auto found = image_.squashfs().resolve(kPrivateDirectory)) private_directory_ = *found;
  const std::string sources(kSourceDirectory);
  const SquashfsReader& squashfs = image_.squashfs();
  aliases_.add(squashfs, sources, kBuildName, sources + "/" + build_directory(options_.configuration) + "/");
  if (!options_.root.empty()) {
    aliases_.add(squashfs, options_.root, kPrivateDirectory, std::string(kPrivateDirectory) + "/");
  }
  for (const std::string& path : options_.hidden) {
    if (const auto found = squashfs.resolve(path)) hidden_.insert(*found);
  }
  for (const auto& [path, bytes] : options_.replaced) {
    if (const auto found = squashfs.resolve(path)) replaced_.emplace(*found, bytes);
  }
  paths_.emplace(root_, options_.root);
}

bool ServedTree::is_elsewhere(InodeRef parent, const DirectoryEntry& entry) const {
  return entry.ref == root_ || aliases_.is_elsewhere(parent, entry);
}

bool ServedTree::is_private_directory(NodeId node) const {
  return private_directory_ && split(node).ref == *private_directory_ && node != kRootNode;
}

bool ServedTree::is_status(NodeId parent, std::string_view name) const {
  return name == kStatusName && is_private_directory(parent);
}

struct stat ServedTree::status_attributes(std::size_t size) const {
  Attributes status;
  status.inode = kStatusInode;
  status.mode = S_IFREG | 0444;
  status.size = size;
  return to_stat(status);
}

Result<ServedEntry> ServedTree::lookup(NodeId parent, std::string_view name) {
  XAAS_TRY(guard_.check());
  const InodeRef directory = split(parent).ref;
  if (const Alias* other = aliases_.find(directory, name)) return entry(parent, other->entry);
  XAAS_ASSIGN(const DirectoryEntry found, image_.squashfs().lookup(directory, name));
  if (is_elsewhere(directory, found)) return fail(Code::not_found, "{} is shown elsewhere", name);
  if (hidden_.contains(found.ref)) return fail(Code::not_found, "{} is not shown on this host", name);
  return entry(parent, found);
}

Result<ServedEntry> ServedTree::entry(NodeId parent, const DirectoryEntry& entry) {
  if (entry.ref == kNoRef) return fail(Code::not_found, "{} is made when it is looked up", entry.name);
  XAAS_ASSIGN(const Attributes attributes, image_.squashfs().stat(entry.ref));
  if (S_ISDIR(attributes.mode)) remember_directory(parent, entry);
  if (S_ISREG(attributes.mode) && !replaced_.contains(entry.ref)) XAAS_TRY(learn(parent, entry, attributes.size));
  const bool is_lazy = files_ != nullptr && files_->contains(entry.ref);
  const Generation generation = is_lazy ? files_->current(entry.ref, {parent, entry.name}) : Generation::image;
  ServedEntry served{node_id({entry.ref, generation}, root_), {}};
  XAAS_ASSIGN(served.attributes, shown({entry.ref, generation}, attributes));
  return served;
}

// Remembers the path of a directory, because files are found in the index by their paths. Nothing below the private
// directory is lowered, but the prefix is replaced in sources.
void ServedTree::remember_directory(NodeId parent, const DirectoryEntry& entry) {
  if (files_ == nullptr && !moved_.moves()) return;
  if (entry.ref == private_directory_ && !moved_.moves()) return;
  const Alias* other = aliases_.find(split(parent).ref, entry.name);
  const std::unique_lock lock(paths_mutex_);
  if (other != nullptr) {
    paths_.try_emplace(entry.ref, other->path);
    return;
  }
  const auto directory = paths_.find(split(parent).ref);
  if (directory != paths_.end()) paths_.try_emplace(entry.ref, directory->second + entry.name + "/");
}

// Reads what the index says of a file that has `size` bytes in the image, unless the file is known already. A file that
// can be lowered goes to files_. Another file in which the prefix stands goes to moved_.
Status ServedTree::learn(NodeId parent, const DirectoryEntry& entry, std::uint64_t size) {
  if ((files_ != nullptr && files_->contains(entry.ref)) || moved_.contains(entry.ref)) return {};
  std::string path;
  {
    const std::shared_lock lock(paths_mutex_);
    const auto directory = paths_.find(split(parent).ref);
    if (directory == paths_.end()) return {};
    path = directory->second + entry.name;
  }
  XAAS_ASSIGN(std::optional<FileRecord> record, index_.find(path));
  // Nothing is lowered of other configurations, which the mount shows below .xaas.
  const bool is_own = tree_root_of(path) == options_.root;
  const bool is_lazy = record && !record->recipe.is_none() && files_ != nullptr && is_own;
  const bool is_moved = record && record->place_count > 0 && moved_.moves();
  if (!is_lazy && !is_moved) return {};
  XAAS_TRY(check_size(*record, size));
  XAAS_ASSIGN(PrefixPlaces places, moved_.places(*record));
  if (is_lazy) {
    files_->add(entry.ref, std::move(*record), std::move(places));
  } else {
    moved_.add(entry.ref, std::move(places));
  }
  return {};
}

// The attributes, with the size that the node has in the mount.
Result<struct stat> ServedTree::shown(const Node& node, const Attributes& attributes) const {
  struct stat result = to_stat(attributes);
  if (const auto other = replaced_.find(node.ref); other != replaced_.end()) {
    result.st_size = static_cast<off_t>(other->second.size());
  } else if (node.generation != Generation::image) {
    result.st_size = static_cast<off_t>(files_->size(node.ref, node.generation));
  } else if (moved_.moves() && S_ISLNK(attributes.mode)) {
    XAAS_ASSIGN(std::string target, image_.squashfs().read_link(node.ref));
    result.st_size = static_cast<off_t>(moved_.target(std::move(target)).size());
  } else {
    result.st_size = static_cast<off_t>(moved_.size(node.ref, attributes.size));
  }
  return result;
}

Result<struct stat> ServedTree::attributes(NodeId id) const {
  XAAS_TRY(guard_.check());
  const Node node = split(id);
  XAAS_ASSIGN(const Attributes attributes, image_.squashfs().stat(node.ref));
  return shown(node, attributes);
}

Result<std::vector<DirectoryEntry>> ServedTree::list(NodeId directory) const {
  XAAS_TRY(guard_.check());
  XAAS_ASSIGN(std::vector<DirectoryEntry> entries, image_.squashfs().list(split(directory).ref));
  const InodeRef parent = split(directory).ref;
  for (DirectoryEntry& entry : entries) {
    if (const Alias* other = aliases_.find(parent, entry.name)) entry = other->entry;
  }
  std::erase_if(entries, [&](const DirectoryEntry& entry) { return is_elsewhere(parent, entry); });
  std::erase_if(entries, [&](const DirectoryEntry& entry) { return hidden_.contains(entry.ref); });
  if (is_private_directory(directory)) {
    std::erase_if(entries, [](const DirectoryEntry& entry) { return entry.name == kStatusName; });
    entries.push_back({std::string(kStatusName), kNoRef, kStatusInode, S_IFREG});
  }
  return entries;
}

Result<std::string> ServedTree::read_link(NodeId node) const {
  XAAS_TRY(guard_.check());
  XAAS_ASSIGN(std::string target, image_.squashfs().read_link(split(node).ref));
  return moved_.target(std::move(target));
}

Result<std::size_t> ServedTree::read(NodeId node, std::uint64_t offset, std::span<std::byte> into) const {
  XAAS_TRY(guard_.check());
  const InodeRef ref = split(node).ref;
  const auto other = replaced_.find(ref);
  if (other == replaced_.end()) return moved_.read(ref, offset, into);
  const std::string_view bytes = other->second;
  if (offset >= bytes.size()) return 0;
  return bytes.copy(reinterpret_cast<char*>(into.data()), into.size(), static_cast<std::size_t>(offset));
}

Status ServedTree::read(const Content& content, std::uint64_t offset, std::span<std::byte> into) const {
  const MovedPrefix::Read stored = [&](std::uint64_t at, std::span<std::byte> piece) {
    return content.is_lowered() ? read_range(content.file.get(), at, piece)
                                : moved_.read_stored(content.ref, at, piece);
  };
  if (!content.is_lowered()) XAAS_TRY(guard_.check());
  return moved_.read(content.places, offset, into, stored);
}

bool ServedTree::shows_bytes_of(std::string_view path) const {
  const auto holds = [&](const std::string& hidden) { return path == hidden || is_below(path, hidden); };
  return std::ranges::none_of(options_.hidden, holds) && !options_.replaced.contains(std::string(path));
}

Result<StandIn> ServedTree::stand_in(const ReadyFile& ready) const {
  StandIn result{.ref = 0, .size = ready.record.size, .places = {}, .cpu = ready.cpu};
  XAAS_ASSIGN(result.ref, image_.squashfs().resolve(ready.record.path));
  XAAS_ASSIGN(result.places, moved_.places(ready.record));
  XAAS_ASSIGN(const Attributes attributes, image_.squashfs().stat(result.ref));
  XAAS_TRY(check_size(ready.record, attributes.size));
  return result;
}

Result<Xattrs> ServedTree::listed_xattrs(NodeId id) const {
  XAAS_TRY(guard_.check());
  return image_.squashfs().xattrs(split(id).ref);
}

Result<Xattrs> ServedTree::xattrs(NodeId id) const {
  XAAS_ASSIGN(Xattrs result, listed_xattrs(id));
  const Node node = split(id);
  const std::optional<LazyReport> report = files_ == nullptr ? std::nullopt : files_->report(node.ref);
  if (report) {
    result.emplace_back("user.xaas.state", state_name(report->state));
    result.emplace_back("user.xaas.target", options_.triple + " " + (report->cpu.empty() ? options_.cpu : report->cpu));
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
  // The blocks are those of the image's bytes, even if the promised size is shown: a lowered file is padded with a
  // hole.
  result.st_blocks = static_cast<blkcnt_t>((attributes.size + 511) / 512);
  result.st_atim.tv_sec = result.st_mtim.tv_sec = result.st_ctim.tv_sec = attributes.mtime;
  return result;
}

}  // namespace xaas
