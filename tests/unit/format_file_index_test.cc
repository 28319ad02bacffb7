// The index of files.
#include <cstring>

#include "format/base/little_endian.h"
#include "format/file_index.h"
#include "tests/unit/format_support.h"

using namespace xaas;
using namespace xaas::test;

namespace {

Result<FileIndex> open_index(const std::string& bytes) {
  return FileIndex::open(
      [bytes](std::uint64_t offset, std::span<std::byte> into) -> Status {
        if (offset > bytes.size() || into.size() > bytes.size() - offset) return fail(Code::invalid, "beyond the end");
        std::memcpy(into.data(), bytes.data() + offset, into.size());
        return {};
      },
      bytes.size());
}

std::vector<FileRecord> some_records() {
  std::vector<FileRecord> records;
  for (const char* path : {"lib/b", "bin/tool", "a", "bin", "bin-x", "b\xff", "z z\n", ".xaas/manifest.json"}) {
    records.push_back({.path = path, .sha256 = Digest::of(path), .size = records.size()});
  }
  records[1].recipe = Digest::of("recipe");
  records[1].size = 1ULL << 40;
  records[1].promised_size = promised_size(records[1].size);
  return records;
}

void put(std::string& bytes, std::size_t offset, std::uint64_t value, std::size_t size = 8) {
  std::string text;
  append_le<std::uint64_t>(text, value);
  bytes.replace(offset, size, text.substr(0, size));
}

}  // namespace

TEST_CASE("every record of an index is found by its path") {
  const std::vector<FileRecord> records = some_records();
  const FileIndex index = good(open_index(encode_file_index(records)));
  CHECK(index.count() == records.size());
  for (const FileRecord& record : records) {
    const auto found = good(index.find(record.path));
    REQUIRE(found);
    CHECK(*found == record);
  }
  for (const char* path : {"", "b", "bin/", "bin/tool2", "zzz", "A"}) CHECK_FALSE(good(index.find(path)));
}

TEST_CASE("an index is sorted by the bytes of its paths and independent of the order given") {
  std::vector<FileRecord> records = some_records();
  const std::string bytes = encode_file_index(records);
  std::reverse(records.begin(), records.end());
  CHECK(encode_file_index(records) == bytes);
  const FileIndex index = good(open_index(bytes));
  for (std::uint64_t i = 1; i < index.count(); ++i) CHECK(good(index.at(i - 1)).path < good(index.at(i)).path);
  bad(index.at(index.count()), Code::not_found);
}

TEST_CASE("an empty index holds nothing") {
  const FileIndex index = good(open_index(encode_file_index({})));
  CHECK(index.count() == 0);
  CHECK_FALSE(good(index.find("a")));
}

TEST_CASE("a search reads a few records, not the index") {
  std::vector<FileRecord> records;
  for (int i = 0; i < 10000; ++i) records.push_back({.path = fmt::format("dir/file{:05}", i)});
  const std::string bytes = encode_file_index(records);
  std::size_t reads = 0;
  std::size_t read_bytes = 0;
  const FileIndex index = good(FileIndex::open(
      [&](std::uint64_t offset, std::span<std::byte> into) -> Status {
        ++reads;
        read_bytes += into.size();
        std::memcpy(into.data(), bytes.data() + offset, into.size());
        return {};
      },
      bytes.size()));
  CHECK(good(index.find("dir/file07777")));
  CHECK(reads < 40);
  CHECK(read_bytes < 4096);
}

TEST_CASE("records that a later version made longer are read") {
  const std::string bytes = encode_file_index(some_records());
  const std::uint64_t count = some_records().size();
  std::string longer = bytes.substr(0, 128);
  put(longer, 12, 160, 4);
  put(longer, 32, 128 + 160 * count);
  for (std::uint64_t i = 0; i < count; ++i) longer += bytes.substr(128 + 128 * i, 128) + std::string(32, '\7');
  longer += bytes.substr(128 + 128 * count);
  const FileIndex index = good(open_index(longer));
  for (const FileRecord& record : some_records()) CHECK(good(index.find(record.path)) == record);
}

TEST_CASE("a damaged header of an index is refused") {
  const std::string bytes = encode_file_index(some_records());
  const auto with = [&](std::size_t offset, std::uint64_t value, std::size_t size) {
    std::string damaged = bytes;
    put(damaged, offset, value, size);
    return open_index(damaged);
  };
  bad(open_index(bytes.substr(0, 127)), Code::invalid);
  bad(with(0, 0, 8), Code::invalid);
  bad(with(8, 2, 4), Code::unsupported);
  bad(with(12, 127, 4), Code::invalid);
  bad(with(12, 0xFFFFFFFF, 4), Code::invalid);
  bad(with(16, ~0ULL, 8), Code::invalid);
  bad(with(16, 1000, 8), Code::invalid);
  bad(with(24, ~0ULL, 8), Code::invalid);
  bad(with(32, bytes.size() + 1, 8), Code::invalid);
  bad(with(32, 128 + 128 * some_records().size() - 1, 8), Code::invalid);  // inside the last record
  bad(with(40, bytes.size(), 8), Code::invalid);
}

TEST_CASE("a damaged record is an error when it is met") {
  const std::string bytes = encode_file_index(some_records());
  const auto at_first = [&](std::size_t offset, std::uint64_t value, std::size_t size) {
    std::string damaged = bytes;
    put(damaged, 128 + offset, value, size);
    return good(open_index(damaged)).at(0);
  };
  bad(at_first(0, ~0ULL, 8), Code::invalid);
  bad(at_first(8, 0, 4), Code::invalid);
  bad(at_first(8, 0xFFFFFFFF, 4), Code::invalid);
  bad(at_first(80, 1ULL << 63, 8), Code::invalid);
  bad(at_first(12, 1, 4), Code::invalid);  // a recipe of zeros
}

TEST_CASE("an index out of order is noticed by a search") {
  std::string bytes = encode_file_index(some_records());
  const std::string fifth = bytes.substr(128 + 4 * 128, 128);
  const std::string seventh = bytes.substr(128 + 6 * 128, 128);
  bytes.replace(128 + 4 * 128, 128, seventh);
  bytes.replace(128 + 6 * 128, 128, fifth);
  bad(good(open_index(bytes)).find("z"), Code::invalid);
}

TEST_CASE("any flipped byte of an index gives an error or a record") {
  const std::string bytes = encode_file_index(some_records());
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    std::string damaged = bytes;
    damaged[i] = static_cast<char>(~damaged[i]);
    const auto index = open_index(damaged);
    if (!index) continue;
    for (const FileRecord& record : some_records()) (void)index->find(record.path);
    for (std::uint64_t k = 0; k < index->count(); ++k) (void)index->at(k);
  }
}

TEST_CASE("the promised size leaves room for every size of file") {
  CHECK(promised_size(0) == 1 << 20);
  CHECK(promised_size(1 << 20) == 2 << 20);
  CHECK(promised_size(10 << 20) == 20 << 20);
}

TEST_CASE("the index says where the prefix stands in a file") {
  const std::vector<PrefixPlace> places = {{4}, {20}, {0}, {10}};
  std::vector<FileRecord> records = some_records();
  records[5].first_place = 0;
  records[5].place_count = 2;
  records[5].size = 30;
  records[6].first_place = 2;
  records[6].place_count = 2;
  records[6].is_text = true;
  records[6].size = 20;
  const FileIndex index = good(open_index(encode_file_index(records, places)));
  const FileRecord binary = *good(index.find(records[5].path));
  CHECK(binary == records[5]);
  CHECK(good(index.places(binary, 10)).list == std::vector<PrefixPlace>{{4}, {20}});
  CHECK_FALSE(good(index.places(binary, 10)).text);
  const FileRecord text = *good(index.find(records[6].path));
  CHECK(good(index.places(text, 10)).text);
  bad(index.places(binary, 11), Code::invalid);  // the last place would not lie within the file
  bad(index.places(text, 11), Code::invalid);    // the two places would overlap
  FileRecord beyond = text;
  beyond.place_count = 3;
  bad(index.places(beyond, 10), Code::invalid);
  CHECK(good(index.places(records[0], 10)).list.empty());
}

TEST_CASE("the index says which strings are shortened, and what belongs to them lies in the file and in nothing else") {
  const std::vector<PrefixPlace> places = {{4, 6}, {20, 0}, {33, 4096}, {0, 1}};
  std::vector<FileRecord> records = some_records();
  records[5].place_count = 3;
  records[5].size = 33 + 10 + 4096;
  records[6].first_place = 3;
  records[6].place_count = 1;
  records[6].is_text = true;
  records[6].size = 20;
  const FileIndex index = good(open_index(encode_file_index(records, places)));
  const FileRecord binary = *good(index.find(records[5].path));
  CHECK(good(index.places(binary, 10)).list == std::vector<PrefixPlace>(places.begin(), places.begin() + 3));
  bad(index.places(binary, 11), Code::invalid);  // the first place would overlap with the second
  FileRecord shorter = binary;
  --shorter.size;
  bad(index.places(shorter, 10), Code::invalid);
  bad(index.places(*good(index.find(records[6].path)), 10), Code::invalid);  // a text
}
