#include <catch2/catch.hpp>

#include "format/base/file.h"
#include "mkimage/build_log.h"

TEST_CASE("make says that there is no install target") {
  CHECK(xaas::lacks_install_target("make: *** No rule to make target 'install'.  Stop.\n"));
  CHECK(xaas::lacks_install_target("gmake: *** No rule to make target `install'.  Stop.\n"));
  CHECK_FALSE(xaas::lacks_install_target("make: *** No rule to make target 'install.h', needed by 'x'.  Stop.\n"));
  CHECK_FALSE(xaas::lacks_install_target("make: *** [Makefile:3: install] Error 1\n"));
}

TEST_CASE("build systems say that there is no Fortran compiler") {
  for (const char* log :
       {"CMake Error at CMakeLists.txt:2 (project):\n  No CMAKE_Fortran_COMPILER could be found.\n",
        "configure: error: no acceptable Fortran compiler found in $PATH\n",
        "configure: error: Fortran compiler cannot create executables\n",
        "meson.build:1:0: ERROR: Unknown compiler(s): [['gfortran'], ['flang-new'], ['flang']]\n",
        "/bin/sh: 1: gfortran: not found\n", "make: gfortran: No such file or directory\n",
        "make: f77: No such file or directory\n", "bash: line 1: gfortran: command not found\n",
        "bash: line 1: f77: command not found\n", "/bin/sh: 1: f95: not found\n", "bash: f95: command not found\n"}) {
    INFO(log);
    CHECK(xaas::lacks_fortran_compiler(log));
  }
  CHECK_FALSE(xaas::lacks_fortran_compiler("-- Check for working Fortran compiler: gfortran\nerror: no\n"));
  CHECK_FALSE(
      xaas::lacks_fortran_compiler("checking for gfortran... no\nconfigure: error: no acceptable C compiler\n"));
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

TEST_CASE("errors are known by what the tools of a build write") {
  for (const char* line : {"Error: Symbol 'x' at (1) has no IMPLICIT type", "Fatal Error: Cannot open module file",
                           "a.s:3: Error: no such instruction: `frob'", "a.c:(.text+0x5): undefined reference to `f'",
                           "/usr/bin/ld: cannot find -lnowhere: No such file", "ld.lld: error: undefined symbol: f",
                           "CMake Error at CMakeLists.txt:3 (find_package):", "gmake[2]: *** [a.o] Error 1"}) {
    INFO(line);
    CHECK(xaas::errors_above(fmt::format("{}\nlast\n", line), 1) == fmt::format("{}\n", line));
  }
  for (const char* line : {"*** Warning: Trying to link with static lib archive a.a.", "*** hello is built",
                           "make: [Makefile:3: check] Error 1 (ignored)", "make: *** [check] Error 1 (ignored)",
                           "cc -Werror -c error.c", "checking for error... no", "0 errors"}) {
    INFO(line);
    CHECK(xaas::errors_above(fmt::format("{}\nlast\n", line), 1).empty());
  }
}

TEST_CASE("of many errors, the last ten are shown") {
  std::string log;
  for (int i = 0; i < 12; ++i) log += fmt::format("a.c:{}: error: no\n", i);
  CHECK(xaas::errors_above(log + "last\n", 1) == log.substr(log.find("a.c:2:")));
}

TEST_CASE("the end of a long log begins with a whole line") {
  const auto directory = xaas::TempDirectory::create(std::filesystem::temp_directory_path());
  REQUIRE(directory);
  const std::filesystem::path log = directory->path() / "log";
  REQUIRE(xaas::write_file(log, "short\nlog\n"));
  CHECK(xaas::read_tail(log) == "short\nlog\n");
  const std::string end = std::string(1000, 'y') + "\n";
  REQUIRE(xaas::write_file(log, "error: " + std::string(300 << 10, 'x') + "\n" + end));
  CHECK(xaas::read_tail(log) == end);
  REQUIRE(xaas::write_file(log, std::string(300 << 10, 'x')));
  CHECK(xaas::read_tail(log) == std::string(256 << 10, 'x'));
}
