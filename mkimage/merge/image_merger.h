// Writes what several images hold into one. Implements spec/image-format.md, section "Merged images".
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "format/squashfs/writer.h"
#include "mkimage/merge/merge_plan.h"

namespace xaas {

// Sources that several images have with different contents.
struct DifferentSources {
  std::size_t count = 0;
  std::string example;  // the path of one of them
};

// Not thread-safe. Borrows the plan, which must outlive it.
class ImageMerger {
 public:
  ImageMerger(const MergePlan& plan, SquashfsWriter& writer) : plan_(plan), writer_(writer) {}

  // Adds everything, the manifest and the index. The caller finishes the writer, which reads the images: damage that
  // their digests show is an error then. Code::invalid when the images contradict each other, or when one is damaged.
  Status add_all();
  const DifferentSources& different() const { return different_; }

 private:
  // An entry of a part, and what it is in the merged image.
  struct Entry {
    const MergePart* part = nullptr;
    std::string path;   // in the part
    std::string place;  // in the merged image
    InodeRef ref = 0;
    Attributes attributes{};
    FileRecord record{};   // of a file: that of the index, or only the digest in its name
    std::string target{};  // of a symbolic link

    mode_t type() const;
    bool is_same_as(const Entry& other) const;
  };
  using Records = std::map<std::string, FileRecord>;   // what the index of a part says, by path
  using FirstNames = std::map<InodeRef, std::string>;  // places of files that have several names

  Status add_part(const MergePart& part);
  Status add_tree_root(const MergePart& part);
  static Result<Entry> describe(const MergePart& part, const std::string& path, std::string place,
                                const DirectoryEntry& entry, const Records& records);
  Status add(const Entry& entry, FirstNames& names);
  Status add_record(const Entry& entry);
  Status check_layout(const Entry& entry);
  Status meet(const Entry& there, const Entry& here);
  static tl::unexpected<Error> different_kinds(const Entry& there, const Entry& here, std::string_view path);
  Status add_link_to_sources();
  Status add_manifest();

  const MergePlan& plan_;
  SquashfsWriter& writer_;
  std::map<std::string, Entry> placed_;    // by place
  std::map<std::string, Entry> in_trees_;  // the first entry with each path in a tree
  std::vector<FileRecord> records_;
  std::vector<PrefixPlace> places_;  // places of the prefix, file after file
  DifferentSources different_;
};

}  // namespace xaas
