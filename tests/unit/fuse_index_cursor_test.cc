// Looks up files in an index, in the order of a listing and in any other order.
#include <catch2/catch.hpp>
#include <cstring>

#include "fuse/index_cursor.h"

namespace xaas {
namespace {

std::vector<std::string> paths() {
  std::vector<std::string> result;
  for (const char* directory : {"a/", "a/b/", "a-/", "", "c/d/e/"}) {
    for (int i = 0; i < 40; ++i) result.push_back(fmt::format("{}f{}", directory, i));
  }
  return result;
}

FileIndex index_of(const std::vector<std::string>& paths, std::size_t& reads) {
  std::vector<FileRecord> records;
  for (const std::string& path : paths) {
    FileRecord record;
    record.path = path;
    record.sha256 = Digest::of(path);
    records.push_back(record);
  }
  const std::string bytes = encode_file_index(records);
  auto read = [bytes, &reads](std::uint64_t offset, std::span<std::byte> into) -> Status {
    ++reads;
    if (offset + into.size() > bytes.size()) return fail(Code::io, "beyond the end");
    std::memcpy(into.data(), bytes.data() + offset, into.size());
    return {};
  };
  Result<FileIndex> index = FileIndex::open(read, bytes.size());
  REQUIRE(index);
  return std::move(*index);
}

TEST_CASE("every file of an index is found, in any order, and no other") {
  std::size_t reads = 0;
  const std::vector<std::string> all = paths();
  const FileIndex index = index_of(all, reads);
  IndexCursor cursor(index);
  for (std::size_t i = 0; i < all.size() * 3; ++i) {
    const std::string& path = all[i * 37 % all.size()];
    const auto found = cursor.find(path);
    REQUIRE((found && *found));
    CHECK((*found)->path == path);
    CHECK((*found)->sha256 == Digest::of(path));
    const auto absent = cursor.find(path + "x");
    REQUIRE(absent);
    CHECK_FALSE(*absent);
  }
}

TEST_CASE("files asked for in the order of the index are found with one look") {
  std::size_t reads = 0;
  std::vector<std::string> all = paths();
  const FileIndex index = index_of(all, reads);
  IndexCursor cursor(index);
  std::sort(all.begin(), all.end());
  REQUIRE(cursor.find(all[0]));
  reads = 0;
  const auto first = index.at(0);
  const std::size_t one_look = reads;
  reads = 0;
  for (std::size_t i = 1; i < all.size(); ++i) REQUIRE(cursor.find(all[i]));
  CHECK(reads == one_look * (all.size() - 1));
}

TEST_CASE("a cursor finds nothing in an empty index") {
  std::size_t reads = 0;
  const FileIndex index = index_of({}, reads);
  IndexCursor cursor(index);
  const auto found = cursor.find("x");
  REQUIRE(found);
  CHECK_FALSE(*found);
}

}  // namespace
}  // namespace xaas
