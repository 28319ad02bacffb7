#include <catch2/catch.hpp>

#include "mkimage/linker_script.h"

using xaas::parse_input_script;
using xaas::ScriptInput;

TEST_CASE("the script of a C library names its files in order") {
  const auto inputs = parse_input_script(
      "/* GNU ld script */\nOUTPUT_FORMAT(elf64-x86-64)\n"
      "GROUP ( /lib/libc.so.6 /usr/lib/libc_nonshared.a  AS_NEEDED ( /lib64/ld.so.2 ) )\n");
  REQUIRE(inputs);
  CHECK(*inputs == std::vector<ScriptInput>{
                       {"/lib/libc.so.6", false}, {"/usr/lib/libc_nonshared.a", false}, {"/lib64/ld.so.2", true}});
}

TEST_CASE("names may be quoted, separated by commas, and libraries") {
  const auto inputs = parse_input_script("INPUT(-lfoo, \"a b.so\")");
  REQUIRE(inputs);
  CHECK(*inputs == std::vector<ScriptInput>{{"-lfoo", false}, {"a b.so", false}});
}

TEST_CASE("a script that does more is refused with the command's name") {
  const auto inputs = parse_input_script("SECTIONS { .text : { *(.text) } }");
  REQUIRE_FALSE(inputs);
  CHECK(inputs.error().code == xaas::Code::unsupported);
  CHECK(inputs.error().message.find("SECTIONS") != std::string::npos);
}

TEST_CASE("a broken script is refused") {
  for (const char* text : {"GROUP", "GROUP (", "INPUT ( a", "/* open", "INPUT(\"open", "INPUT((a))",
                           "\x7f"
                           "ELF"}) {
    INFO(text);
    CHECK_FALSE(parse_input_script(text));
  }
}
