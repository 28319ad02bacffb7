// The trailer.
#include "format/squashfs/trailer.h"
#include "tests/unit/format_support.h"

using namespace xaas;
using namespace xaas::test;

namespace {

Result<std::optional<Trailer>> decode(const std::string& bytes, std::uint64_t squashfs_size = 5000) {
  return decode_trailer(std::as_bytes(std::span(bytes)), squashfs_size, bytes.size());
}

Trailer with_section(std::uint32_t flags) {
  Trailer trailer;
  trailer.squashfs_size = 5000;
  trailer.length = 4096;
  trailer.sections.push_back({.type = 99, .flags = flags, .offset = 2048, .length = 100});
  return trailer;
}

}  // namespace

TEST_CASE("a trailer survives being written and read") {
  const std::string bytes = encode_trailer(with_section(1));
  CHECK(bytes.size() == 4096);
  const auto read = good(decode(bytes));
  REQUIRE(read);
  CHECK(read->version == 1);
  CHECK(read->squashfs_size == 5000);
  CHECK(read->length == 4096);
  REQUIRE(read->sections.size() == 1);
  CHECK(read->sections[0].type == 99);
  CHECK(read->sections[0].flags == 1);
  CHECK(read->sections[0].offset == 2048);
  CHECK(read->sections[0].length == 100);
}

TEST_CASE("the trailer begins at the next multiple of 4 KiB") {
  CHECK(trailer_offset(0) == 0);
  CHECK(trailer_offset(1) == 4096);
  CHECK(trailer_offset(4096) == 4096);
  CHECK(trailer_offset(4097) == 8192);
}

TEST_CASE("a plain SquashFS has no trailer") {
  CHECK_FALSE(good(decode("")));
  CHECK_FALSE(good(decode(std::string(4096, '\0'))));
  CHECK_FALSE(good(decode("XAASTRL")));
}

TEST_CASE("a trailer that contradicts itself or the file is refused") {
  const std::string bytes = encode_trailer(with_section(0));
  bad(decode(bytes, 5001), Code::invalid);
  bad(decode(bytes.substr(0, 63)), Code::invalid);
  bad(decode(bytes.substr(0, 80)), Code::invalid);
  const auto with = [&](std::size_t offset, char value) {
    std::string damaged = bytes;
    damaged[offset] = value;
    return decode(damaged);
  };
  bad(with(8, 2), Code::unsupported);
  bad(with(12, 127), Code::invalid);
  bad(with(17, 0x20), Code::invalid);  // the trailer is longer than the file
  CHECK(contains(bad(with(16, 1), Code::invalid), "multiple"));
  bad(with(64 + 9, 0x10), Code::invalid);  // a section behind the end of the trailer
}

TEST_CASE("a section that must be understood is refused, another is ignored") {
  good(check_trailer(with_section(0)));
  CHECK(contains(bad(check_trailer(with_section(1)), Code::unsupported), "99"));
}
