// The tree of an image as a host without our tools needs it: plain files, lowered for a target, with the prefix
// replaced. Says what is in the tree and gives the contents. Writes nothing itself: an installation and an export are
// two ways to write it down. Implements spec/install.md, "The native tree".
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <unordered_map>
#include <vector>

#include "format/base/progress.h"
#include "format/image.h"
#include "lower/lowerer.h"

namespace xaas {

struct NativeOptions {
  LowererOptions lowerer;
  bool strict = false;  // an error where a baseline would stand in for a lowered file
  std::string prefix;   // the absolute path at which the tree is going to be
};

struct NativeEntry {
  enum class Kind { directory, file, symlink, hard_link };

  std::string path{};  // in the tree, without a leading '/'; "" is the root
  Kind kind = Kind::directory;
  InodeRef ref = 0;
  Attributes attributes{};             // those of the image
  std::string target{};                // of a symlink: with the prefix replaced; of a hard link: the path of the file
  std::optional<FileRecord> record{};  // of a file, if the index has it
  std::optional<std::string> made{};   // the bytes of a file that are not those of the image
  // Stands for the content and the extended attributes: entries with the same digest have the same. None if it is not
  // known before the file is lowered.
  Digest content{};
  Digest baseline{};  // the same for the file as the image has it, which stands in if lowering fails

  bool is_lowered() const { return kind == Kind::file && content != baseline; }
};

// Writes content to a new file that only this user can read. Pieces that are all zeros become holes.
Status write_new_file(const std::filesystem::path& target, const Stream& content);

// Immutable once made, thread-safe. `progress` is borrowed.
class NativeTree {
 public:
  // Walks the tree of the configuration. Computes the keys of files that are lowered, but lowers nothing. Files that
  // cannot be lowered on this host are baselines, with a warning; that is an error with `strict`, and if the user asks
  // for a configuration. Code::invalid if the image is damaged, or if the prefix is too long.
  static Result<NativeTree> describe(std::shared_ptr<const Image> image, const NativeOptions& options,
                                     Progress& progress);

  // The root first, and every directory before what is in it. A hard link comes behind its file.
  const std::vector<NativeEntry>& entries() const { return entries_; }
  const Image& image() const { return *image_; }
  const std::string& configuration() const { return configuration_; }
  // The triple and the cpu; empty if nothing is lowered.
  std::string target() const;

  // Where the content of a file comes from: a lowered file, or null for the file of the image.
  using Source = const Lowered*;
  // Gives the content of a file, with the prefix replaced. Memory does not grow with the file. Code::invalid if the
  // file differs from the index.
  Status read(const NativeEntry& file, Source source, const UseBytes& use) const;

  // Lowers files of the tree, several at a time, and calls `place` for each, from several threads. If a file cannot be
  // lowered, its baseline takes its place, with a warning. That is an error where baselines do not go with lowered
  // files (spec/lowering.md, "One level in a process"), and with `strict`. The first error ends the rest.
  using Place = std::function<Status(const NativeEntry& file, Source source)>;
  Status lower(const std::vector<const NativeEntry*>& files, const std::stop_token& stop, const Place& place) const;

 private:
  NativeTree(std::shared_ptr<const Image> image, const NativeOptions& options, Progress& progress)
      : image_(std::move(image)), options_(options), progress_(&progress) {}
  Status make_lowerer();
  Status add_tree();
  Status add_bundled_libraries();
  Status add_below(const std::string& directory, std::size_t cut);
  Status add(std::string path, const std::string& path_in_image, const DirectoryEntry& entry);
  Status add_file(NativeEntry& entry, const std::string& path_in_image) const;
  Result<Digest> digest_of(const NativeEntry& entry, std::string content) const;
  Result<PrefixPlaces> places(const FileRecord& record) const;
  Status read_image(const NativeEntry& file, const UseBytes& use) const;
  Status read_lowered(const Lowered& lowered, const UseBytes& use) const;
  Status lower_or_stand_in(const NativeEntry& file, Result<Lowered> lowered, const Place& place) const;

  std::shared_ptr<const Image> image_;
  NativeOptions options_;
  Progress* progress_;
  std::unique_ptr<Lowerer> lowerer_;  // null: nothing is lowered
  std::string configuration_;
  ShownSlots slots_;
  std::optional<MovedPrefix> moved_;  // none: the prefix stays as it is
  bool keeps_to_level_ = false;
  std::vector<NativeEntry> entries_;
  std::unordered_map<InodeRef, std::string> linked_;  // the first name of each file with several names
};

}  // namespace xaas
