#include <catch2/catch.hpp>

#include "mkimage/capture/linker_script.h"

using xaas::check_layout_script;
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

TEST_CASE("a script that treats all files alike passes") {
  for (const char* text :
       {"SECTIONS { .text : { *(.text .text.*) } }",
        "ENTRY(_start)\nSECTIONS\n{\n  . = 0x400000 + SIZEOF_HEADERS;\n  .a ALIGN(16) : AT(ADDR(.text) + 4) { KEEP "
        "(*(.a)) "
        "*(SORT(.b.*)) end = . ; . = ALIGN(8) + (2 * 4); PROVIDE(x = .); BYTE(0) } :text =0x90\n"
        "  .c (NOLOAD) : { *(.c) }\n  /DISCARD/ : { *(.note*) *(COMMON) }\n}",
        "SECTIONS { .x : { *(.x) } } INSERT AFTER .data;", "PHDRS { text PT_LOAD FLAGS(5); } SECTIONS { }", ""}) {
    INFO(text);
    CHECK(check_layout_script(text));
  }
}

TEST_CASE("a script that goes by the names of files is refused") {
  for (const char* text :
       {"SECTIONS { .text : { foo.o(.text) } }", "SECTIONS { .text : { *foo.o (.text) } }",
        "SECTIONS { .t : { KEEP(*crtbegin.o(.t)) } }", "SECTIONS { .t : { *(EXCLUDE_FILE(*a.o) .t) } }",
        "SECTIONS { .t : { *libfoo.a:(.t) } }", "SECTIONS { .t : { foo.o } }",
        "SECTIONS { .t : { *(.t) foo.o *(.u) } }", "SECTIONS { .t : { x = SIZEOF(.a) + 1; \"foo.o\"(.t) } }",
        "INCLUDE other.ld", "INPUT(a.o) SECTIONS { }", "SECTIONS { .t : { *(.t) } /* open"}) {
    INFO(text);
    CHECK_FALSE(check_layout_script(text));
  }
}
