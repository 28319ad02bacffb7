#include <catch2/catch.hpp>

#include "format/base/shell_quoted.h"
#include "mkimage/built_programs.h"

TEST_CASE("make says that there is no install target") {
  CHECK(xaas::lacks_install_target("make: *** No rule to make target 'install'.  Stop.\n"));
  CHECK(xaas::lacks_install_target("gmake: *** No rule to make target `install'.  Stop.\n"));
  CHECK_FALSE(xaas::lacks_install_target("make: *** No rule to make target 'install.h', needed by 'x'.  Stop.\n"));
  CHECK_FALSE(xaas::lacks_install_target("make: *** [Makefile:3: install] Error 1\n"));
}

TEST_CASE("programs are copied to bin and libraries to lib") {
  CHECK(xaas::install_command({{"minimap2"}, {}}) ==
        R"(mkdir -p "$DESTDIR$PREFIX/bin" && cp minimap2 "$DESTDIR$PREFIX/bin")");
  CHECK(xaas::install_command({{"a", "b"}, {"libc.so"}}) ==
        R"(mkdir -p "$DESTDIR$PREFIX/bin" && cp a b "$DESTDIR$PREFIX/bin" && )"
        R"(mkdir -p "$DESTDIR$PREFIX/lib" && cp -P libc.so "$DESTDIR$PREFIX/lib")");
  CHECK(xaas::install_command({}).empty());
}

TEST_CASE("a word is quoted where the shell would not take it as it is") {
  CHECK(xaas::shell_quoted("lulesh2.0") == "lulesh2.0");
  CHECK(xaas::shell_quoted("a b") == "'a b'");
  CHECK(xaas::shell_quoted("it's") == R"('it'\''s')");
  CHECK(xaas::shell_quoted("").size() == 2);
}
