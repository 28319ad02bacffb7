// The index of an image, /.xaas/files: every regular file with its digest, and for what can be lowered its recipe and
// promised size. Sorted by path and searched without reading it all. Implements spec/image-format.md, "Index".
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
  std::string path{};               // relative to the root of the image, any byte but NUL, no leading '/'
  Digest sha256{};                  // of the content
  Digest recipe{};                  // none: the file is served as it is
  std::uint64_t size = 0;           // bytes
  std::uint64_t promised_size = 0;  // bytes; 0 without a recipe
  std::uint64_t first_place = 0;    // where the prefix stands in it: a range of the index's places
  std::uint64_t place_count = 0;
  bool is_text = false;  // it may change its length with the prefix
  bool operator==(const FileRecord&) const = default;
};

// The promised size of a file to be lowered: max(2 x baseline, baseline + 1 MiB).
std::uint64_t promised_size(std::uint64_t baseline_size);

// The bytes of an index. `places`: of each file ascending. REQUIRES: paths are unique; the order does not matter; tails
// have at most kMaxTail bytes, and offsets fit into 48 bits.
std::string encode_file_index(std::vector<FileRecord> records, std::span<const PrefixPlace> places = {});

// Reads an index through a function, a few blocks per look-up. Thread-safe if `read` is.
class FileIndex {
 public:
  // Fills `into` from `offset` of the index file, whole or an error.
  using Read = std::function<Status(std::uint64_t offset, std::span<std::byte> into)>;

  // Checks the header against `size`, the length of the index file.
  static Result<FileIndex> open(Read read, std::uint64_t size);

  std::uint64_t count() const { return count_; }
  // The record at `position` in the order of paths. Code::not_found from count() on; Code::invalid when it points
  // outside the index or its sizes are impossible.
  Result<FileRecord> at(std::uint64_t position) const;
  // The record of `path`, relative to the root of the image and without a leading '/'; nullopt without one. Binary
  // search: Code::invalid when a record that it meets is damaged or out of order.
  Result<std::optional<FileRecord>> find(std::string_view path) const;
  // Where a prefix of that length stands in `record`'s file. Code::invalid when places with their tails overlap or lie
  // outside of it, or when a text has tails.
  Result<PrefixPlaces> places(const FileRecord& record, std::size_t prefix_size) const;

 private:
  FileIndex() = default;
  Read read_;
  std::uint64_t count_ = 0;
  std::uint64_t record_size_ = 0;  // as the header says; a later version may add fields at the end of a record
  std::uint64_t records_offset_ = 0;
  std::uint64_t strings_offset_ = 0;
  std::uint64_t strings_size_ = 0;
  std::uint64_t places_offset_ = 0;
  std::uint64_t places_count_ = 0;
};

}  // namespace xaas
