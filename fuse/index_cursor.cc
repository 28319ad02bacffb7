// See index_cursor.h.
#include "fuse/index_cursor.h"

namespace xaas {

Result<std::optional<FileRecord>> IndexCursor::find(std::string_view path) {
  const std::uint64_t guess = next_.load(std::memory_order_relaxed);
  std::uint64_t first = 0;
  std::uint64_t last = index_.count();
  std::uint64_t middle = guess < last ? guess : last / 2;
  while (first < last) {
    XAAS_ASSIGN(FileRecord record, index_.at(middle));
    if (record.path == path) {
      next_.store(middle + 1, std::memory_order_relaxed);
      return record;
    }
    if (record.path < path) {
      first = middle + 1;
    } else {
      last = middle;
    }
    middle = first + (last - first) / 2;
  }
  next_.store(first, std::memory_order_relaxed);
  return std::nullopt;
}

}  // namespace xaas
