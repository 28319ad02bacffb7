#include <catch2/catch.hpp>

#include "mkimage/build_log.h"

TEST_CASE("make says that there is no install target") {
  CHECK(xaas::lacks_install_target("make: *** No rule to make target 'install'.  Stop.\n"));
  CHECK(xaas::lacks_install_target("gmake: *** No rule to make target `install'.  Stop.\n"));
  CHECK_FALSE(xaas::lacks_install_target("make: *** No rule to make target 'install.h', needed by 'x'.  Stop.\n"));
  CHECK_FALSE(xaas::lacks_install_target("make: *** [Makefile:3: install] Error 1\n"));
}

TEST_CASE("the last lines of a log are counted with and without a newline at the end") {
  CHECK(xaas::last_lines("a\nb\nc\n", 2) == "b\nc\n");
  CHECK(xaas::last_lines("a\nb\nc", 1) == "c");
  CHECK(xaas::last_lines("a\nb\n", 5) == "a\nb\n");
  CHECK(xaas::last_lines("", 5).empty());
}

TEST_CASE("errors are found above the lines that are seen anyway") {
  const std::string warnings = "a.c:1: warning: x\nb.c:2: warning: y\n";
  const std::string missing = "make: *** No rule to make target 'x.c', needed by 'x'.  Stop.\n";
  CHECK(xaas::errors_above(missing + "make: *** Waiting\n" + warnings, 2) == missing + "make: *** Waiting\n");
  CHECK(xaas::errors_above("a.c:1:2: error: no\nFAILED: b.o\n" + warnings, 2) == "a.c:1:2: error: no\nFAILED: b.o\n");
  CHECK(xaas::errors_above(missing + warnings, 3).empty());
  CHECK(xaas::errors_above(warnings + warnings, 2).empty());
  CHECK(xaas::errors_above("", 2).empty());
}
