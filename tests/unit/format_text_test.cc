// Text that others wrote, and paths as text.
#include "format/base/paths.h"
#include "format/base/text.h"
#include "tests/unit/format_support.h"

using namespace xaas;
using namespace xaas::test;

TEST_CASE("text is shown without control characters") {
  CHECK(printable("a\nb\x1b[31m\\\x7f") == "a\\012b\\033[31m\\134\\177");
  CHECK(printable("größe 日本 🙂") == "größe 日本 🙂");
  CHECK(printable("\xC2\x9B"
                  "31m\xC2\xA0") == "\\302\\23331m\xC2\xA0");  // the ESC [ of C1
  CHECK(printable("\x9B"
                  "31m \xff\xC3") == "\\23331m \\377\\303");
}

TEST_CASE("UTF-8 is told from what only looks like it") {
  for (const char* text : {"", "a", "größe", "\xE2\x82\xAC", "\xF4\x8F\xBF\xBF", "\xED\x9F\xBF"}) CHECK(is_utf8(text));
  for (const char* text : {"\x80", "\xC3", "\xC3(", "\xC0\x80", "\xE0\x80\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80",
                           "\xF8\x88\x80\x80\x80", "\xff"}) {
    CHECK_FALSE(is_utf8(text));
  }
}

TEST_CASE("a pattern stands for a whole name") {
  CHECK(matches_any({"libz.so.1", "libcublas*"}, "libcublasLt.so.12"));
  CHECK(matches_any({"lib[ab].so"}, "libb.so"));
  CHECK_FALSE(matches_any({"libz.so", "cublas*"}, "libcublas.so.12"));
  CHECK_FALSE(matches_any({}, ""));
}

TEST_CASE("a normal path has no empty, single or double dot component") {
  for (const char* path : {"a", "a/b", "...", "a/.b"}) CHECK(is_normal(path));
  for (const char* path : {"", "/", "/a", "a/", "a//b", ".", "a/..", "./a"}) CHECK_FALSE(is_normal(path));
}

TEST_CASE("extra slashes of a path go away") {
  CHECK(without_extra_slashes("//a///b/").append("|") == "a/b|");
  CHECK(without_extra_slashes("///").empty());
  CHECK(without_extra_slashes("a") == "a");
}

TEST_CASE("a path is below a directory, not beside it") {
  CHECK(is_below("a/b", "a"));
  CHECK_FALSE(is_below("a", "a"));
  CHECK_FALSE(is_below("ab/c", "a"));
}

TEST_CASE("sizes are read with their units") {
  CHECK(xaas::parse_bytes("0") == 0);
  CHECK(xaas::parse_bytes("512") == 512);
  CHECK(xaas::parse_bytes("3K") == 3072);
  CHECK(xaas::parse_bytes("20G") == 20ULL << 30);
  for (const char* text : {"", "G", "-1", "1X", "1GB", "99999999999T", "1 G"}) CHECK_FALSE(xaas::parse_bytes(text));
}

TEST_CASE("a text is cut between characters") {
  CHECK(xaas::shortened("abc", 3) == "abc");
  CHECK(xaas::shortened("abcd", 3) == "abc…");
  CHECK(xaas::shortened("aäb", 2) == "a…");
  CHECK(xaas::shortened("aäb", 3) == "aä…");
  CHECK(xaas::shortened("ä", 1) == "…");
  CHECK(xaas::shortened("", 0).empty());
}
