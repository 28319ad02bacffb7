#include <catch2/catch.hpp>

#include "format/base/file.h"
#include "mkimage/compiler/response_file.h"

using xaas::expand_response_files;
using xaas::split_arguments;

TEST_CASE("arguments are split as compilers do") {
  CHECK(split_arguments("a  b\n\tc") == std::vector<std::string>{"a", "b", "c"});
  CHECK(split_arguments("'a b' \"c d\" e\\ f") == std::vector<std::string>{"a b", "c d", "e f"});
  CHECK(split_arguments("-DX=\"\\\"q\\\"\" ''") == std::vector<std::string>{"-DX=\"q\"", ""});
  CHECK(split_arguments("'it\\'s' '\\\\'") == std::vector<std::string>{"it's", "\\"});
  CHECK(split_arguments("").empty());
  CHECK(split_arguments(std::string_view("a\0b", 3)) == std::vector<std::string>{std::string("a\0b", 3)});
}

TEST_CASE("response files are expanded, also within each other, and missing ones kept") {
  const auto directory = xaas::TempDirectory::create("/tmp");
  REQUIRE(directory);
  const std::string outer = (directory->path() / "outer").string();
  const std::string inner = (directory->path() / "inner").string();
  REQUIRE(xaas::write_file(outer, "-c @" + inner));
  REQUIRE(xaas::write_file(inner, "a.c"));
  CHECK(expand_response_files({"@" + outer, "@/no/such"}) == std::vector<std::string>{"-c", "a.c", "@/no/such"});
}

TEST_CASE("a response file that names itself ends") {
  const auto directory = xaas::TempDirectory::create("/tmp");
  REQUIRE(directory);
  const std::string file = (directory->path() / "self").string();
  REQUIRE(xaas::write_file(file, "@" + file));
  CHECK(expand_response_files({"@" + file}).size() == 1);
}

TEST_CASE("arguments come back from the response file that is written of them") {
  const std::vector<std::string> arguments = {"-o",   "a b", "", "\"quoted\"", "it's", "back\\slash", "tab\tnew\nline",
                                              "-Wl,x"};
  CHECK(xaas::split_arguments(xaas::to_response_file(arguments)) == arguments);
}
