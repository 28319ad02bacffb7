#include <algorithm>
#include <catch2/catch.hpp>

#include "mkimage/record/linker_options.h"

using xaas::linker_effect;
using xaas::LinkerArgument;
using xaas::LinkerEffect;
using xaas::parse_response_line;
using xaas::to_argument;

TEST_CASE("the table of linker options is sorted and names no option twice") {
  const auto options = xaas::linker_options();
  REQUIRE(std::ranges::adjacent_find(options, std::ranges::greater_equal(), &xaas::LinkerOption::name) ==
          options.end());
}

TEST_CASE("linker options have the effect that the table says, unknown ones are kept") {
  CHECK(linker_effect("build-id=sha1") == LinkerEffect::drop);
  CHECK(linker_effect("plugin-opt=mcpu=x86-64") == LinkerEffect::drop);
  CHECK(linker_effect("version-script") == LinkerEffect::file);
  CHECK(linker_effect("version-script-x") == LinkerEffect::keep);
  CHECK(linker_effect("gc-sections") == LinkerEffect::keep);
  CHECK(linker_effect("whole-archive") == LinkerEffect::keep);
  CHECK(linker_effect("o") == LinkerEffect::drop);
  CHECK(linker_effect("omagic") == LinkerEffect::keep);
}

TEST_CASE("lines of lld's response file are read, quotes and all") {
  CHECK(parse_response_line("--hash-style gnu") == LinkerArgument{"hash-style", "gnu"});
  CHECK(parse_response_line("-z now") == LinkerArgument{"z", "now"});
  CHECK(parse_response_line("-pie") == LinkerArgument{"pie", std::nullopt});
  CHECK(parse_response_line("tmp/a.o") == LinkerArgument{"", "tmp/a.o"});
  CHECK(parse_response_line("\"tmp/a b.o\"") == LinkerArgument{"", "tmp/a b.o"});
  CHECK(parse_response_line("--version-script \"tmp/a b.map\"") == LinkerArgument{"version-script", "tmp/a b.map"});
}

TEST_CASE("a line that is no argument is refused") {
  for (const char* line : {"", "\"open", "a b", "--x y z", "--", "-"}) {
    INFO(line);
    CHECK_FALSE(parse_response_line(line));
  }
}

TEST_CASE("an option becomes one argument that lld reads the same") {
  CHECK(to_argument({"z", "now"}) == "-znow");
  CHECK(to_argument({"hash-style", "gnu"}) == "--hash-style=gnu");
  CHECK(to_argument({"gc-sections", std::nullopt}) == "--gc-sections");
}
