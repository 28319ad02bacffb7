#include <catch2/catch.hpp>
#include <cstdio>

#include "mkimage/capture/ar_archive.h"

namespace {

std::string member(const std::string& name, const std::string& data, std::size_t size) {
  char header[61];
  static_cast<void>(
      std::snprintf(header, sizeof header, "%-16s%-12d%-6d%-6d%-8s%-10zu`\n", name.c_str(), 0, 0, 0, "644", size));
  return std::string(header, 60) + data + (data.size() % 2 == 1 ? "\n" : "");
}

std::string member(const std::string& name, const std::string& data) { return member(name, data, data.size()); }

}  // namespace

TEST_CASE("members of an archive come in order, equal names and long names included") {
  const std::string bytes = "!<arch>\n" + member("/", "table") + member("//", "a_rather_long_name.o/\n") +
                            member("x.o/", "one") + member("x.o/", "two") + member("/0", "three");
  const auto archive = xaas::parse_archive(bytes);
  REQUIRE(archive);
  REQUIRE(archive->members.size() == 3);
  CHECK_FALSE(archive->thin);
  CHECK(archive->members[0].name == "x.o");
  CHECK(archive->members[0].data == "one");
  CHECK(archive->members[1].data == "two");
  CHECK(archive->members[2].name == "a_rather_long_name.o");
}

TEST_CASE("a thin archive names its members") {
  const std::string bytes = "!<thin>\n" + member("//", "dir/a.o/\n") + member("/0", "", 1234) + member("b.o/", "", 99);
  const auto archive = xaas::parse_archive(bytes);
  REQUIRE(archive);
  CHECK(archive->thin);
  REQUIRE(archive->members.size() == 2);
  CHECK(archive->members[0].name == "dir/a.o");
  CHECK(archive->members[1].name == "b.o");
}

TEST_CASE("a damaged archive is refused") {
  const std::string bytes = "!<arch>\n" + member("x.o/", "12345678");
  for (std::size_t size = 9; size < bytes.size(); ++size) CHECK_FALSE(xaas::parse_archive(std::string(bytes, 0, size)));
  CHECK_FALSE(xaas::parse_archive("!<arch>\n" + member("/7", "x")));
  CHECK_FALSE(xaas::parse_archive("no archive"));
}
