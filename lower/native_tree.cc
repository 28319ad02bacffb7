// See native_tree.h.
#include "lower/native_tree.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <utility>

#include "format/base/json_fields.h"
#include "format/base/text.h"
#include "format/image_walk.h"
#include "format/prefix_finder.h"
#include "format/squashfs/xattrs.h"
#include "lower/configuration.h"
#include "lower/parallel_lowering.h"
#include "lower/runtime_libraries.h"

namespace xaas {
namespace {

constexpr std::size_t kPieceBytes = std::size_t{128} << 10;

// Hands on what a file with a replaced prefix shows, piece by piece. `stored` reads the file as it is stored.
Status read_moved(const MovedPrefix& moved, const PrefixPlaces& places, std::uint64_t stored_size,
                  const MovedPrefix::Read& stored, const UseBytes& use) {
  std::vector<std::byte> buffer(kPieceBytes);
  const std::uint64_t size = moved.size(places, stored_size);
  for (std::uint64_t offset = 0; offset < size;) {
    const std::span<std::byte> piece =
        std::span(buffer).first(static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), size - offset)));
    XAAS_TRY(moved.read(places, offset, piece, stored));
    XAAS_TRY(use({reinterpret_cast<const char*>(piece.data()), piece.size()}));
    offset += piece.size();
  }
  return {};
}

tl::unexpected<Error> damaged(const std::string& path) {
  return fail(Code::invalid, "{}: is damaged: it differs from the index: fetch the image again", printable(path));
}

Result<NativeEntry::Kind> kind_of(const std::string& path, mode_t mode) {
  if (S_ISDIR(mode)) return NativeEntry::Kind::directory;
  if (S_ISREG(mode)) return NativeEntry::Kind::file;
  if (S_ISLNK(mode)) return NativeEntry::Kind::symlink;
  return fail(Code::unsupported, "{}: is a special file, which no image has", printable(path));
}

}  // namespace

Status write_new_file(const std::filesystem::path& target, const Stream& content) {
  Fd fd(open(target.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  const auto failed = [&] { return fail_errno(fmt::format("cannot write {}", target.string())); };
  if (!fd.valid()) return failed();
  std::uint64_t size = 0;
  XAAS_TRY(content([&](std::string_view piece) -> Status {
    size += piece.size();
    if (const Status written = write_or_skip(fd.get(), piece); !written) {
      return fail(written.error().code, "{}: {}", target.string(), written.error().message);
    }
    return {};
  }));
  // A network file system may find only here that the disk is full.
  if (ftruncate(fd.get(), static_cast<off_t>(size)) != 0 || close(fd.release()) != 0) return failed();
  return {};
}

Result<NativeTree> NativeTree::describe(std::shared_ptr<const Image> image, const NativeOptions& options,
                                        Progress& progress) {
  NativeTree tree(std::move(image), options, progress);
  XAAS_TRY(tree.make_lowerer());
  XAAS_ASSIGN(const auto slots, choose_slots(*tree.image_, tree.configuration_, options.lowerer.slots));
  tree.slots_ = shown_slots(*tree.image_, tree.configuration_, slots);
  XAAS_ASSIGN(tree.moved_, moved_prefix(tree.image_->manifest(), options.prefix));
  if (const std::string libc = missing_libc(tree.image_->manifest(), tree.configuration_); !libc.empty()) {
    progress.warn(fmt::format("this host's libc lacks {}: files that need it start only once they are lowered", libc));
  }
  XAAS_TRY(tree.add_tree());
  XAAS_TRY(tree.add_bundled_libraries());
  return tree;
}

std::string NativeTree::target() const { return lowerer_ ? lowerer_->target_name() : std::string(); }

// Leaves lowerer_ null if lowering is not possible and the user does not insist on it.
Status NativeTree::make_lowerer() {
  const LowererOptions& options = options_.lowerer;
  auto lowerer = Lowerer::create(image_, options);
  if (lowerer) {
    lowerer_ = std::move(*lowerer);
    configuration_ = lowerer_->configuration();
    keeps_to_level_ = keeps_to_level(image_->manifest(), configuration_, lowerer_->level());
    if (const Status writable = lowerer_->cache().writable(); !writable) {
      progress_->warn(fmt::format("nothing is kept for the next run: {}", writable.error().message));
    }
    return {};
  }
  const bool asked_for = options_.strict || !options.configuration.empty();
  if (asked_for || lowerer.error().code != Code::unsupported) return tl::unexpected(std::move(lowerer.error()));
  XAAS_ASSIGN(const auto gpus, named_gpus(options.gpu));
  XAAS_ASSIGN(configuration_,
              baseline_configuration(*image_, options.target, options.configuration, *this_host(), gpus));
  progress_->warn(fmt::format("nothing is lowered of the configuration {}: {}",
                              describe_configuration(image_->manifest(), configuration_), lowerer.error().message));
  return {};
}

// The tree of the configuration, without the private directory of the image.
Status NativeTree::add_tree() {
  const std::string root = tree_root(image_->manifest(), configuration_);
  const auto ref = image_->squashfs().resolve(root);
  if (!ref) {
    return fail(Code::invalid, "{}: the files of the configuration {} are missing: fetch the image again",
                image_->path().string(), configuration_);
  }
  XAAS_TRY(add("", root, {.name = "", .ref = *ref, .inode = 0, .type = S_IFDIR}));
  return add_below(root, root.size());
}

// Programs find bundled libraries by paths in the private directory. So these stay where they are.
Status NativeTree::add_bundled_libraries() {
  const SquashfsReader& reader = image_->squashfs();
  const auto add_directory = [&](const std::string& path) -> Status {
    XAAS_ASSIGN(const InodeRef ref, reader.resolve(path));
    return add(path, path, {.name = "", .ref = ref, .inode = 0, .type = S_IFDIR});
  };
  const std::string hidden = hidden_directory(*image_);
  const auto found = std::ranges::find(image_->manifest().configurations, configuration_, &Configuration::name);
  const std::string toolchain = fmt::format(
      "{}/{}", kToolchainDirectory,
      found == image_->manifest().configurations.end() ? lowering_triple(image_->manifest()) : found->triple);
  std::vector<std::string> directories;
  for (const std::string_view name : {kBundledLibraries, kRuntimeLibraries, kSlotLibraries}) {
    std::string directory = fmt::format("{}/{}", toolchain, name);
    if (directory != hidden && reader.resolve(directory)) directories.push_back(std::move(directory));
  }
  if (directories.empty()) return {};
  for (const std::string_view above : {kPrivateDirectory, kToolchainDirectory, std::string_view(toolchain)}) {
    XAAS_TRY(add_directory(std::string(above)));
  }
  for (const std::string& directory : directories) {
    XAAS_TRY(add_directory(directory));
    XAAS_TRY(add_below(directory, 0));
  }
  return {};
}

// Adds what is below a directory of the image. `cut` is the length of the part of their paths that the tree does not
// have.
Status NativeTree::add_below(const std::string& directory, std::size_t cut) {
  return walk(image_->squashfs(), directory, [&](const std::string& path, const DirectoryEntry& entry) -> Status {
    const std::string_view shown = std::string_view(path).substr(cut);
    const bool is_private = shown.substr(0, shown.find('/')) == kPrivateDirectory;
    if ((is_private && cut == directory.size()) || is_in(slots_.hidden, path)) return {};
    return add(std::string(shown), path, entry);
  });
}

Status NativeTree::add(std::string path, const std::string& path_in_image, const DirectoryEntry& entry) {
  NativeEntry added{.path = std::move(path), .ref = entry.ref};
  XAAS_ASSIGN(added.attributes, image_->squashfs().stat(entry.ref));
  XAAS_ASSIGN(added.kind, kind_of(path_in_image, added.attributes.mode));
  if ((added.attributes.mode & S_IFMT) != entry.type) return damaged(path_in_image);
  if (added.attributes.nlink > 1 && added.kind != NativeEntry::Kind::directory) {
    const auto [first, is_new] = linked_.emplace(entry.ref, added.path);
    if (!is_new) {
      added.kind = NativeEntry::Kind::hard_link;
      added.target = first->second;
    }
  }
  if (added.kind == NativeEntry::Kind::symlink) {
    XAAS_ASSIGN(added.target, image_->squashfs().read_link(entry.ref));
    if (moved_) added.target = moved_->replace(added.target);
  }
  if (added.kind == NativeEntry::Kind::file) {
    XAAS_TRY(add_file(added, path_in_image));
  } else {
    XAAS_ASSIGN(added.content, digest_of(added, added.target));
    added.baseline = added.content;
  }
  entries_.push_back(std::move(added));
  return {};
}

// Finds out what the file's content is going to be.
Status NativeTree::add_file(NativeEntry& entry, const std::string& path_in_image) const {
  if (const auto made = slots_.files.find(path_in_image); made != slots_.files.end()) {
    entry.made = made->second;
    XAAS_ASSIGN(entry.content, digest_of(entry, "made " + Digest::of(*entry.made).to_string()));
    entry.baseline = entry.content;
    return {};
  }
  XAAS_ASSIGN(entry.record, image_->files().find(path_in_image));
  if (!entry.record || entry.record->size != entry.attributes.size) return damaged(path_in_image);
  const std::string prefix = moved_ ? moved_->to() : std::string();
  const bool has_prefix = entry.record->place_count > 0;
  XAAS_ASSIGN(entry.baseline, digest_of(entry, entry.record->sha256.to_string() + (has_prefix ? prefix : "")));
  entry.content = entry.baseline;
  const bool is_own = tree_root_of(path_in_image) == tree_root(image_->manifest(), configuration_);
  if (entry.record->recipe.is_none() || !lowerer_ || !is_own) return {};
  entry.content = {};
  // Lowering meets an error again, and reports it.
  const auto key = lowerer_->key(*entry.record);
  if (!key) return {};
  XAAS_ASSIGN(entry.content, digest_of(entry, "lowered " + key->to_string() + prefix));
  return {};
}

// The digest of an entry: of what stands for its content, and of its extended attributes.
Result<Digest> NativeTree::digest_of(const NativeEntry& entry, std::string content) const {
  XAAS_ASSIGN(const auto xattrs, image_->squashfs().xattrs(entry.ref));
  Sha256 hash;
  const auto add_part = [&](std::string_view part) {
    hash.update(std::to_string(part.size()) + " ");
    hash.update(part);
  };
  add_part(content);
  for (const auto& [name, value] : xattrs) {
    add_part(name);
    add_part(value);
  }
  return hash.finish();
}

Result<PrefixPlaces> NativeTree::places(const FileRecord& record) const {
  if (!moved_ || record.place_count == 0) return PrefixPlaces{};
  return image_->files().places(record, moved_->from().size());
}

Status NativeTree::read(const NativeEntry& file, Source source, const UseBytes& use) const {
  if (file.made) return use(*file.made);
  return source == nullptr ? read_image(file, use) : read_lowered(*source, use);
}

// Checks the file against the index as well.
Status NativeTree::read_image(const NativeEntry& file, const UseBytes& use) const {
  const SquashfsReader& reader = image_->squashfs();
  XAAS_ASSIGN(const PrefixPlaces shown, places(*file.record));
  if (!shown.list.empty()) {
    XAAS_ASSIGN(const Digest digest, reader.digest(file.ref));
    if (digest != file.record->sha256) return damaged(file.path);
    const auto stored = [&](std::uint64_t offset, std::span<std::byte> into) -> Status {
      XAAS_ASSIGN(const std::size_t count, reader.read(file.ref, offset, into));
      return count == into.size() ? Status() : damaged(file.path);
    };
    return read_moved(*moved_, shown, file.attributes.size, stored, use);
  }
  Sha256 hash;
  std::vector<std::byte> buffer(kPieceBytes);
  for (std::uint64_t offset = 0; offset < file.attributes.size;) {
    XAAS_ASSIGN(const std::size_t count, reader.read(file.ref, offset, buffer));
    if (count == 0) return damaged(file.path);
    const std::string_view piece(reinterpret_cast<const char*>(buffer.data()), count);
    hash.update(piece);
    XAAS_TRY(use(piece));
    offset += count;
  }
  return hash.finish() == file.record->sha256 ? Status() : damaged(file.path);
}

Status NativeTree::read_lowered(const Lowered& lowered, const UseBytes& use) const {
  if (!moved_) return read_pieces(lowered.file.get(), lowered.size, use);
  XAAS_ASSIGN(const PrefixPlaces shown, find_prefix(lowered.file.get(), lowered.size, moved_->from()));
  const auto stored = [&](std::uint64_t offset, std::span<std::byte> into) {
    return read_range(lowered.file.get(), offset, into);
  };
  return read_moved(*moved_, shown, lowered.size, stored, use);
}

Status NativeTree::lower_or_stand_in(const NativeEntry& file, Result<Lowered> lowered, const Place& place) const {
  const std::string path = printable(file.path);
  if (lowered) {
    for (const std::string& warning : lowered->warnings) progress_->warn(fmt::format("{}: {}", path, warning));
    const std::string how = lowered->from_cache ? "cached" : fmt::format("lowered in {:.1f} s", lowered->seconds);
    if (!progress_->is_live()) progress_->say(fmt::format("{}: {}", path, how));
    return place(file, &*lowered);
  }
  const Error& error = lowered.error();
  if (error.code == Code::interrupted) return tl::unexpected(error);
  if (options_.strict) return fail(error.code, "{}: not lowered: {}", path, error.message);
  if (keeps_to_level_) {
    return fail(error.code, "{}: not lowered, and its baseline does not go with files of the level {}: {}", path,
                lowerer_->level(), error.message);
  }
  progress_->warn(fmt::format("{}: not lowered, the baseline takes its place: {}", path, error.message));
  return place(file, nullptr);
}

Status NativeTree::lower(const std::vector<const NativeEntry*>& files, const std::stop_token& stop,
                         const Place& place) const {
  std::map<const FileRecord*, const NativeEntry*> entry_of;
  std::vector<const FileRecord*> records;
  for (const NativeEntry* file : files) {
    entry_of[&*file->record] = file;
    records.push_back(&*file->record);
  }
  if (records.empty()) return {};
  progress_->update(fmt::format("0 of {} files", files.size()));
  std::stop_source ending;
  const std::stop_callback forward(stop, [&ending] { ending.request_stop(); });
  std::mutex first_error_mutex;
  Status first_error;
  std::atomic<std::size_t> count = 0;
  const auto done = [&](const FileRecord& record, Result<Lowered> lowered) {
    const NativeEntry& file = *entry_of.at(&record);
    Status placed = lower_or_stand_in(file, std::move(lowered), place);
    progress_->update(fmt::format("{} of {} files, {}", ++count, files.size(), printable(file.path)));
    if (placed) return;
    const std::lock_guard lock(first_error_mutex);
    if (!ending.get_token().stop_requested()) first_error = std::move(placed);
    ending.request_stop();
  };
  const auto advance = [&](const FileRecord& record, const ModuleCount& modules) {
    progress_->update(fmt::format("{} of {} files, {}: {}", count.load(), files.size(),
                                  printable(entry_of.at(&record)->path), to_text(modules)));
  };
  lower_several(*lowerer_, std::move(records), options_.lowerer.jobs, ending.get_token(), done, advance);
  if (stop.stop_requested()) return fail(Code::interrupted, "stopped by a signal");
  return first_error;
}

}  // namespace xaas
