// The index of an image, /.xaas/files. It lists every regular file with its digest, and for a file that can be lowered
// also its recipe and promised size. It is sorted by path, and can be searched without reading all of it. Implements
// spec/image-format.md, "Index".
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "format/base/digest.h"
#include "format/base/error.h"
#include "format/moved_prefix.h"

namespace xaas {

struct FileRecord {
  std::string path{};               // relative to the root of the image, any byte except NUL, no leading '/'
  Digest sha256{};                  // of the content
  Digest recipe{};                  // none: the file is served as it is
  std::uint64_t size = 0;           // bytes
  std::uint64_t promised_size = 0;  // bytes; 0 without a recipe
  std::uint64_t first_place = 0;    // number of its first place among the index's places
  std::uint64_t place_count = 0;
  bool is_text = false;  // its length may change with the prefix
  bool operator==(const FileRecord&) const = default;
};

// The promised size of a file that can be lowered: max(2 x baseline, baseline + 1 MiB).
std::uint64_t promised_size(std::uint64_t baseline_size);

// The bytes of an index. The places of each file ascend. REQUIRES: paths are unique, in any order; tails have at most
// kMaxTail bytes; offsets fit into 48 bits.
std::string encode_file_index(std::vector<FileRecord> records, std::span<const PrefixPlace> places = {});

// Reads an index through a function, a few blocks for each look-up. Thread-safe if `read` is.
class FileIndex {
 public:
  // Fills all of `into` from `offset` of the index file, or returns an error.
  using Read = std::function<Status(std::uint64_t offset, std::span<std::byte> into)>;

  // Opens an index, and checks its header against `size`, the length of the index file.
  static Result<FileIndex> open(Read read, std::uint64_t size);

  std::uint64_t count() const { return count_; }
  // The record at `position` in the order of paths. Code::not_found when `position` is not below count(). Code::invalid
  // when the record points outside the index or has impossible sizes.
  Result<FileRecord> at(std::uint64_t position) const;
  // The record of `path`, which is relative to the root of the image and has no leading '/'. Nullopt when there is no
  // such record. The search is binary. Code::invalid when a record that it meets is damaged or out of order.
  Result<std::optional<FileRecord>> find(std::string_view path) const;
  // Where the prefix, which has `prefix_size` bytes, stands in the file of `record`. Code::invalid when places with
  // their tails overlap or lie outside the file, or when a text has tails.
  Result<PrefixPlaces> places(const FileRecord& record, std::size_t prefix_size) const;

 private:
  FileIndex() = default;
  Read read_;
  std::uint64_t count_ = 0;
  std::uint64_t record_size_ = 0;  // from the header; a later version may add fields at the end of a record
  std::uint64_t records_offset_ = 0;
  std::uint64_t strings_offset_ = 0;
  std::uint64_t strings_size_ = 0;
  std::uint64_t places_offset_ = 0;
  std::uint64_t places_count_ = 0;
};

}  // namespace xaas
