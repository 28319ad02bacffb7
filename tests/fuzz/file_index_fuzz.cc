// The decoder of the index. Any bytes give records or errors, and a search ends.
#include <cstring>

#include "format/file_index.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto read = [&](std::uint64_t offset, std::span<std::byte> into) -> xaas::Status {
    if (offset > size || into.size() > size - offset) return xaas::fail(xaas::Code::invalid, "beyond the end");
    std::memcpy(into.data(), data + offset, into.size());
    return {};
  };
  const auto index = xaas::FileIndex::open(read, size);
  if (!index) return 0;
  for (std::uint64_t i = 0; i < index->count(); ++i) {
    const auto record = index->at(i);
    if (record) (void)index->find(record->path);
  }
  (void)index->find("bin/tool");
  return 0;
}
