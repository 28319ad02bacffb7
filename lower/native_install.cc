// See native_install.h. A new tree is made in a staging directory. What has not changed is linked from the old tree.
#include "lower/native_install.h"

#include <fcntl.h>
#include <linux/stat.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "format/base/text.h"
#include "format/entry_attributes.h"
#include "lower/foreign_files.h"
#include "lower/native_record.h"
#include "lower/staging_directory.h"

namespace xaas {
namespace fs = std::filesystem;
namespace {

constexpr const char* kNewTree = "tree";  // in the staging directory

// A directory can be replaced unless something is mounted at it.
bool is_mountpoint(const fs::path& directory) {
  struct statx status{};
  return statx(AT_FDCWD, directory.c_str(), AT_SYMLINK_NOFOLLOW, STATX_TYPE, &status) == 0 &&
         (status.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
}

// The path for which programs are made. Symlinks in it are followed, also if the directory does not exist.
Result<fs::path> installed_place(const fs::path& directory) {
  std::error_code error;
  fs::path place = fs::weakly_canonical(fs::absolute(directory, error), error);
  if (error) return fail(Code::io, "cannot install at {}: {}", directory.string(), error.message());
  if (!place.has_filename()) place = place.parent_path();  // the path had a '/' at its end
  if (!place.has_filename()) return fail(Code::invalid, "cannot replace {}: name a directory in it", place.string());
  return place;
}

Status check_place(const fs::path& place) {
  std::error_code error;
  if (!fs::exists(fs::symlink_status(place, error))) return {};
  if (!fs::is_directory(place, error)) return fail(Code::invalid, "{} is not a directory", place.string());
  if (is_mountpoint(place)) {
    return fail(Code::invalid, "{} is a mountpoint, which cannot be replaced: name a directory in it", place.string());
  }
  const bool is_empty = fs::is_empty(place, error);
  if (error) return fail(Code::io, "cannot read {}: {}", place.string(), error.message());
  if (is_empty || read_installed_record(place)) return {};
  return fail(Code::invalid,
              "{} is not empty, and was not made by this command: name an empty directory, or one that does not exist",
              place.string());
}

// One installation into a new tree.
class Installation {
 public:
  // `old_tree` is an installation if there is a record of it.
  Installation(const NativeTree& tree, fs::path old_tree, std::optional<InstalledRecord> old_record, fs::path new_tree,
               std::stop_token stop)
      : tree_(tree),
        old_tree_(std::move(old_tree)),
        old_record_(std::move(old_record)),
        new_tree_(std::move(new_tree)),
        stop_(std::move(stop)) {}

  // Whether the old tree is already what is wanted.
  bool is_up_to_date() const;
  // Fills the new tree.
  Status make(Progress& progress);
  // Whether make() has found that the old tree is what can be had: some files may be baselines in both.
  bool has_changed_nothing() const { return changed_ == 0 && has_same_names(); }
  // Completes the new tree with its record, and writes it to the disk.
  Status finish(const std::string& prefix);
  std::string summary() const;

 private:
  const InstalledEntry* recorded(const NativeEntry& entry) const;
  bool has_same_names() const { return old_record_ && old_record_->entries.size() == tree_.entries().size(); }
  Status make_names();
  Status make_files(Progress& progress);
  Status make_hard_links();
  Status keep_files_of_others() const;
  Status write_record(const std::string& prefix);
  Status finish_directories() const;
  bool keep(const NativeEntry& file, const Digest& content);
  Status place(const NativeEntry& file, NativeTree::Source source);
  void note_name(const NativeEntry& entry);
  void note(const NativeEntry& entry, const Digest& content, std::uint64_t size);

  const NativeTree& tree_;
  const fs::path old_tree_;
  const std::optional<InstalledRecord> old_record_;
  const fs::path new_tree_;
  const std::stop_token stop_;

  std::mutex record_mutex_;  // guards the members below while files are lowered
  InstalledRecord record_;
  std::size_t changed_ = 0;  // entries that the old tree lacks or has otherwise
  std::size_t written_ = 0;  // files
  std::size_t lowered_ = 0;  // of these
  std::size_t kept_ = 0;     // files
};

const InstalledEntry* Installation::recorded(const NativeEntry& entry) const {
  if (!old_record_) return nullptr;
  const auto found = old_record_->entries.find(printable(entry.path));
  return found == old_record_->entries.end() ? nullptr : &found->second;
}

bool Installation::is_up_to_date() const {
  return has_same_names() && std::ranges::all_of(tree_.entries(), [&](const NativeEntry& entry) {
           return is_installed(entry, entry.content, recorded(entry), old_tree_);
         });
}

Status Installation::make(Progress& progress) {
  XAAS_TRY(make_names());
  XAAS_TRY(make_files(progress));
  return make_hard_links();
}

// Makes directories and symbolic links.
Status Installation::make_names() {
  for (const NativeEntry& entry : tree_.entries()) {
    const fs::path target = new_tree_ / entry.path;
    if (entry.kind == NativeEntry::Kind::directory) {
      XAAS_TRY(create_private_directory(target));
      note_name(entry);
    }
    if (entry.kind != NativeEntry::Kind::symlink) continue;
    if (symlink(entry.target.c_str(), target.c_str()) != 0) {
      return fail_errno(fmt::format("cannot create {}", target.string()));
    }
    XAAS_TRY(set_attributes(tree_.image().squashfs(), entry.ref, entry.attributes, target));
    note_name(entry);
  }
  return {};
}

Status Installation::make_files(Progress& progress) {
  std::vector<const NativeEntry*> to_lower;
  for (const NativeEntry& entry : tree_.entries()) {
    if (stop_.stop_requested()) return fail(Code::interrupted, "stopped by a signal");
    if (entry.kind != NativeEntry::Kind::file || keep(entry, entry.content)) continue;
    if (entry.is_lowered()) {
      to_lower.push_back(&entry);
    } else {
      progress.update(printable(entry.path));
      XAAS_TRY(place(entry, nullptr));
    }
  }
  return tree_.lower(to_lower, stop_,
                     [this](const NativeEntry& file, NativeTree::Source source) { return place(file, source); });
}

Status Installation::make_hard_links() {
  for (const NativeEntry& entry : tree_.entries()) {
    if (entry.kind != NativeEntry::Kind::hard_link) continue;
    const fs::path target = new_tree_ / entry.path;
    if (link((new_tree_ / entry.target).c_str(), target.c_str()) != 0) {
      return fail_errno(fmt::format("cannot create {}", target.string()));
    }
    note_name(entry);
  }
  return {};
}

// Takes a file of the old tree for the new one, if it has this content. Returns whether it did.
bool Installation::keep(const NativeEntry& file, const Digest& content) {
  const InstalledEntry* old = recorded(file);
  if (!is_installed(file, content, old, old_tree_)) return false;
  if (link((old_tree_ / file.path).c_str(), (new_tree_ / file.path).c_str()) != 0) return false;
  const std::lock_guard lock(record_mutex_);
  ++kept_;
  note(file, content, old->size);
  return true;
}

// Puts the file into the new tree.
Status Installation::place(const NativeEntry& file, NativeTree::Source source) {
  const Digest& content = source == nullptr ? file.baseline : file.content;
  if (source == nullptr && file.is_lowered() && keep(file, content)) return {};
  const fs::path target = new_tree_ / file.path;
  std::uint64_t size = 0;
  XAAS_TRY(write_new_file(target, [&](const UseBytes& use) {
    return tree_.read(file, source, [&](std::string_view piece) -> Status {
      if (stop_.stop_requested()) return fail(Code::interrupted, "stopped by a signal");
      size += piece.size();
      return use(piece);
    });
  }));
  XAAS_TRY(set_attributes(tree_.image().squashfs(), file.ref, file.attributes, target));
  const std::lock_guard lock(record_mutex_);
  ++changed_;
  ++written_;
  if (source != nullptr) ++lowered_;
  note(file, content, size);
  return {};
}

// Notes an entry that is no file.
void Installation::note_name(const NativeEntry& entry) {
  if (!is_installed(entry, entry.content, recorded(entry), old_tree_)) ++changed_;
  note(entry, entry.content, 0);
}

void Installation::note(const NativeEntry& entry, const Digest& content, std::uint64_t size) {
  record_.entries[printable(entry.path)] = {.kind = entry.kind,
                                            .permissions = installed_permissions(entry),
                                            .mtime = entry.attributes.mtime,
                                            .size = size,
                                            .content = content};
}

Status Installation::keep_files_of_others() const {
  if (!old_record_) return {};
  const fs::path record(kInstalledRecord);
  return keep_foreign_files(old_tree_, new_tree_, [&](const std::string& path) {
    return path == record || path == record.parent_path() || old_record_->entries.contains(printable(path));
  });
}

Status Installation::finish(const std::string& prefix) {
  XAAS_TRY(keep_files_of_others());
  XAAS_TRY(write_record(prefix));
  XAAS_TRY(finish_directories());
  const Fd fd(open(new_tree_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid() || syncfs(fd.get()) != 0) {
    return fail_errno(fmt::format("cannot write {} to disk", new_tree_.string()));
  }
  return {};
}

Status Installation::write_record(const std::string& prefix) {
  record_.image = full_name(tree_.image().manifest());
  record_.target = tree_.target();
  record_.configuration = tree_.configuration();
  record_.prefix = prefix;
  const fs::path target = new_tree_ / kInstalledRecord;
  const fs::path directory = target.parent_path();
  // The tree has this directory only if there are bundled libraries.
  if (mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) {
    return fail_errno(fmt::format("cannot create {}", directory.string()));
  }
  XAAS_TRY(write_new_file(target, [&](const UseBytes& use) { return use(to_text(record_)); }));
  if (chmod(target.c_str(), 0644) != 0 || chmod(directory.c_str(), 0755) != 0) {
    return fail_errno(fmt::format("cannot change the permissions of {}", target.string()));
  }
  return {};
}

// Children come before parents: a directory may be read-only, and its time changes with its contents.
Status Installation::finish_directories() const {
  for (auto entry = tree_.entries().rbegin(); entry != tree_.entries().rend(); ++entry) {
    if (entry->kind != NativeEntry::Kind::directory) continue;
    Attributes attributes = entry->attributes;
    attributes.mode = S_IFDIR | installed_permissions(*entry);
    XAAS_TRY(set_attributes(tree_.image().squashfs(), entry->ref, attributes, new_tree_ / entry->path));
  }
  return {};
}

std::string Installation::summary() const {
  const std::string lowered =
      lowered_ == 0 ? std::string() : fmt::format(", {} lowered for {}", lowered_, tree_.target());
  return fmt::format("{} of {} files written{}", written_, written_ + kept_, lowered);
}

}  // namespace

Status install_native(const std::shared_ptr<const Image>& image, const NativeOptions& options,
                      const fs::path& directory, const std::stop_token& stop, Progress& progress) {
  XAAS_ASSIGN(const fs::path place, installed_place(directory));
  XAAS_TRY(check_place(place));
  NativeOptions here = options;
  here.prefix = place.string();
  const Manifest& manifest = image->manifest();
  XAAS_ASSIGN(const NativeTree tree, NativeTree::describe(image, here, progress));
  const auto say = [&](const std::string& what) { progress.say(fmt::format("{}: {}", place.string(), what)); };
  if (!StagingDirectory::is_there(place) &&
      Installation(tree, place, read_installed_record(place), {}, stop).is_up_to_date()) {
    say("up to date");
    return {};
  }
  XAAS_ASSIGN(StagingDirectory staging, StagingDirectory::create(place));
  XAAS_TRY(check_place(place));  // it may have changed before we had the staging directory
  Installation installation(tree, place, read_installed_record(place), staging.path(kNewTree), stop);
  if (installation.is_up_to_date()) {
    say("up to date");
    return {};
  }
  if (!is_movable(manifest) && manifest.prefix != here.prefix) {
    progress.warn(fmt::format("the programs were built for {}, and may look for their files there", manifest.prefix));
  }
  progress.begin("install", fmt::format("{} at {}", full_name(manifest), place.string()));
  XAAS_TRY(installation.make(progress));
  if (installation.has_changed_nothing()) {
    say("up to date");
    return {};
  }
  XAAS_TRY(installation.finish(here.prefix));
  XAAS_TRY(staging.publish(kNewTree));
  say(installation.summary());
  return {};
}

}  // namespace xaas
