// See image_merger.h.
#include "mkimage/merge/image_merger.h"

#include <sys/stat.h>

#include <utility>

#include "format/base/paths.h"
#include "format/base/text.h"
#include "format/image_walk.h"
#include "format/squashfs/xattrs.h"

namespace xaas {
namespace {

tl::unexpected<Error> damaged(const MergePart& part, const std::string& path, std::string_view what) {
  return fail(Code::invalid, "{}: {} {}: the image is damaged, fetch it again", part.path(), printable(path), what);
}

// Whether the file's name is its digest, so that the index does not have it.
bool is_named_by_digest(const std::string& path) {
  return is_below(path, kIrDirectory) || is_below(path, kObjectDirectory) || is_below(path, kRecipeDirectory);
}

// The digest in the name of such a file. A name that has none gives a digest that no content has.
Digest digest_in(const std::string& path) {
  const std::string_view name = std::string_view(path).substr(path.rfind('/') + 1);
  return Digest::parse(fmt::format("sha256:{}", name.substr(0, name.find('.')))).value_or(Digest());
}

Result<EntryOptions> options_of(const SquashfsReader& reader, InodeRef ref, const Attributes& attributes) {
  EntryOptions options{.permissions = attributes.mode & kPermissionBits};
  XAAS_ASSIGN(const auto xattrs, reader.xattrs(ref));
  for (const auto& [name, value] : xattrs) {
    if (name.starts_with(kXattrPrefix)) options.xattrs.emplace(name, value);
  }
  return options;
}

// Reads a file of a part, and compares it with its digest at the end.
Stream content_of(const MergePart& part, std::string path, InodeRef ref, const Digest& digest) {
  return [&part, path = std::move(path), ref, digest](const UseBytes& use) -> Status {
    Sha256 hash;
    XAAS_TRY(part.image->squashfs().read_pieces(ref, [&](std::string_view piece) -> Status {
      hash.update(piece);
      return use(piece);
    }));
    return hash.finish() == digest ? Status() : damaged(part, path, "does not have its digest");
  };
}

std::string_view kind_of(mode_t type) { return S_ISDIR(type) ? "directory" : S_ISLNK(type) ? "symbolic link" : "file"; }

}  // namespace

mode_t ImageMerger::Entry::type() const { return attributes.mode & S_IFMT; }

bool ImageMerger::Entry::is_same_as(const Entry& other) const {
  return type() == other.type() && record.sha256 == other.record.sha256 && target == other.target;
}

Status ImageMerger::add_all() {
  for (const MergePart& part : plan_.parts) XAAS_TRY(add_part(part));
  XAAS_TRY(add_link_to_sources());
  XAAS_TRY(add_manifest());
  return writer_.add_bytes(kIndexPath, encode_file_index(std::move(records_), places_), {});
}

Status ImageMerger::add_part(const MergePart& part) {
  Records records;
  const FileIndex& index = part.image->files();
  for (std::uint64_t i = 0; i < index.count(); ++i) {
    XAAS_ASSIGN(FileRecord record, index.at(i));
    records.emplace(record.path, record);
  }
  XAAS_TRY(add_tree_root(part));
  FirstNames names;
  return walk(part.image->squashfs(), "", [&](const std::string& path, const DirectoryEntry& found) -> Status {
    auto place = merged_path(part, path, found.type);
    if (!place) return {};
    XAAS_ASSIGN(const Entry entry, describe(part, path, std::move(*place), found, records));
    return add(entry, names);
  });
}

// A tree that is not at the root finds .xaas by a link.
Status ImageMerger::add_tree_root(const MergePart& part) {
  const SquashfsReader& reader = part.image->squashfs();
  XAAS_ASSIGN(const Attributes attributes, reader.stat(reader.root()));
  XAAS_ASSIGN(const EntryOptions options, options_of(reader, reader.root(), attributes));
  XAAS_TRY(writer_.add_directory(without_extra_slashes(part.tree), options));
  if (part.tree.empty()) return {};
  return writer_.add_symlink(part.tree + std::string(kPrivateDirectory), private_directory_from(part.tree), {0777, {}});
}

Result<ImageMerger::Entry> ImageMerger::describe(const MergePart& part, const std::string& path, std::string place,
                                                 const DirectoryEntry& entry, const Records& records) {
  const SquashfsReader& reader = part.image->squashfs();
  Entry described{.part = &part, .path = path, .place = std::move(place), .ref = entry.ref};
  XAAS_ASSIGN(described.attributes, reader.stat(entry.ref));
  if (described.type() != entry.type) return damaged(part, path, "has two types");
  if (S_ISDIR(entry.type)) return described;
  if (S_ISLNK(entry.type)) {
    XAAS_ASSIGN(described.target, reader.read_link(entry.ref));
    return described;
  }
  if (!S_ISREG(entry.type)) return damaged(part, path, "is a special file");
  const auto found = records.find(path);
  if (found == records.end() && !is_named_by_digest(path)) return damaged(part, path, "is not in the index");
  described.record = found != records.end() ? found->second : FileRecord{.path = path, .sha256 = digest_in(path)};
  return described;
}

Status ImageMerger::add(const Entry& entry, FirstNames& names) {
  XAAS_TRY(check_layout(entry));
  const auto [there, is_new] = placed_.emplace(entry.place, entry);
  if (!is_new) return meet(there->second, entry);
  XAAS_ASSIGN(const EntryOptions options, options_of(entry.part->image->squashfs(), entry.ref, entry.attributes));
  if (S_ISDIR(entry.type())) return writer_.add_directory(entry.place, options);
  if (S_ISREG(entry.type()) && !is_named_by_digest(entry.path)) XAAS_TRY(add_record(entry));
  if (entry.attributes.nlink > 1) {
    const auto [first, is_first] = names.emplace(entry.ref, entry.place);
    if (!is_first) return writer_.add_hard_link(entry.place, first->second);
  }
  if (S_ISLNK(entry.type())) return writer_.add_symlink(entry.place, entry.target, options);
  return writer_.add_stream(entry.place, content_of(*entry.part, entry.path, entry.ref, entry.record.sha256), options);
}

Status ImageMerger::add_record(const Entry& entry) {
  FileRecord record = entry.record;
  XAAS_ASSIGN(const PrefixPlaces places, entry.part->image->files().places(record, plan_.manifest.prefix.size()));
  record.path = entry.place;
  record.first_place = places_.size();
  places_.insert(places_.end(), places.list.begin(), places.list.end());
  records_.push_back(std::move(record));
  return {};
}

// Whoever uses the program by its paths must find the same kind of thing there on every architecture.
Status ImageMerger::check_layout(const Entry& entry) {
  if (is_below(entry.place, kPrivateDirectory) && tree_root_of(entry.place).empty()) return {};
  const std::string path(path_in_tree(entry.place));
  if (path == kPrivateDirectory) return {};  // in all trees but one, a link
  const auto [there, is_new] = in_trees_.emplace(path, entry);
  const bool is_alike = S_ISDIR(there->second.type()) == S_ISDIR(entry.type());
  return is_new || is_alike ? Status() : different_kinds(there->second, entry, path);
}

// Two images have an entry for one place. Only sources may differ: the first one stays, as for configurations.
Status ImageMerger::meet(const Entry& there, const Entry& here) {
  if (there.is_same_as(here)) return {};
  if (S_ISDIR(there.type()) != S_ISDIR(here.type())) return different_kinds(there, here, here.place);
  if (!is_below(here.place, kSourceDirectory)) {
    return fail(Code::invalid, "cannot merge {} and {}: {} is not the same in both", there.part->path(),
                here.part->path(), printable(here.place));
  }
  if (different_.count++ == 0) different_.example = here.place.substr(kSourceDirectory.size() + 1);
  return {};
}

tl::unexpected<Error> ImageMerger::different_kinds(const Entry& there, const Entry& here, std::string_view path) {
  return fail(Code::invalid, "cannot merge {} and {}: {} is a {} in one and a {} in the other", there.part->path(),
              here.part->path(), printable(path), kind_of(there.type()), kind_of(here.type()));
}

// Programs name their generated sources without the configuration.
Status ImageMerger::add_link_to_sources() {
  const std::string name = build_directory(plan_.manifest.default_configuration);
  if (!placed_.contains(fmt::format("{}/{}", kSourceDirectory, name))) return {};
  return writer_.add_symlink(fmt::format("{}/{}", kSourceDirectory, kBuildName), name, {0777, {}});
}

Status ImageMerger::add_manifest() {
  std::string json = to_json(plan_.manifest);
  records_.push_back({.path = std::string(kManifestPath), .sha256 = Digest::of(json), .size = json.size()});
  return writer_.add_bytes(kManifestPath, std::move(json), {});
}

}  // namespace xaas
