// Looks up files in the index in the order in which directories are listed. The next file is mostly the next record,
// which is then found with one look instead of a search.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string_view>

#include "format/file_index.h"

namespace xaas {

// Thread-safe. `index` is borrowed.
class IndexCursor {
 public:
  explicit IndexCursor(const FileIndex& index) : index_(index) {}

  // The record of `path`; nullopt when there is none. The next call is cheapest for the path behind it.
  Result<std::optional<FileRecord>> find(std::string_view path);

 private:
  const FileIndex& index_;
  std::atomic<std::uint64_t> next_{0};  // the record behind the last one found; a guess when threads share it
};

}  // namespace xaas
