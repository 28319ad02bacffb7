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

#include "format/digest.h"
#include "format/error.h"

namespace xaas {

struct FileRecord {
  std::string path{};               // relative to the root of the image, any byte but NUL, no leading '/'
  Digest sha256{};                  // of the content
  Digest recipe{};                  // none: the file is served as it is
  std::uint64_t size = 0;           // bytes
  std::uint64_t promised_size = 0;  // bytes; 0 without a recipe
  bool operator==(const FileRecord&) const = default;
};

// The promised size of a file to be lowered: max(2 x baseline, baseline + 1 MiB).
std::uint64_t promised_size(std::uint64_t baseline_size);

// The bytes of an index. REQUIRES: paths are unique; the order does not matter.
std::string encode_file_index(std::vector<FileRecord> records);

// Reads an index through a function, a few blocks per look-up. Thread-safe if `read` is.
class FileIndex {
 public:
  // Fills `into` from `offset` of the index file, whole or an error.
  using Read = std::function<Status(std::uint64_t offset, std::span<std::byte> into)>;

  // Checks the header against `size`, the length of the index file.
  static Result<FileIndex> open(Read read, std::uint64_t size);

  std::uint64_t count() const { return count_; }
  // Code::invalid when the record points outside the file or is out of order with what was asked.
  Result<FileRecord> at(std::uint64_t position) const;
  Result<std::optional<FileRecord>> find(std::string_view path) const;

 private:
  FileIndex() = default;
  Read read_;
  std::uint64_t count_ = 0;
  std::uint64_t record_size_ = 0;  // as the header says; a later version may add fields at the end of a record
  std::uint64_t records_offset_ = 0;
  std::uint64_t strings_offset_ = 0;
  std::uint64_t strings_size_ = 0;
};

}  // namespace xaas
