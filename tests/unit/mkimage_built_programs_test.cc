#include <catch2/catch.hpp>

#include "format/base/file.h"
#include "format/base/shell_quoted.h"
#include "mkimage/built_programs.h"

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

TEST_CASE("variables of a makefile that name the default prefix are given the prefix of the image") {
  const auto source = xaas::TempDirectory::create(std::filesystem::temp_directory_path());
  REQUIRE(source);
  const std::string command = R"(make install DESTDIR="$DESTDIR" PREFIX="$PREFIX" prefix="$PREFIX")";
  const auto redirected = [&] { return xaas::redirected_install(source->path(), command); };
  CHECK(redirected().empty());
  REQUIRE(xaas::write_file(source->path() / "Makefile",
                           "PLAT= guess\nINSTALL_TOP= /usr/local  # where\nROOT ?=/usr/local/\nBIN=$(ROOT)/bin\n"
                           "X := /usr/local/x\n\tTOP=/usr/local\nall: ; echo TOP=/usr/local\n"));
  CHECK(redirected() == command + R"( INSTALL_TOP="$DESTDIR$PREFIX" ROOT="$DESTDIR$PREFIX")");
  // What the command gives to the makefile already is right, as in $(DESTDIR)$(PREFIX).
  REQUIRE(xaas::write_file(source->path() / "Makefile", "PREFIX ?= /usr/local\nTOP=/usr/local\n  prefix=/usr/local\n"));
  CHECK(redirected() == command + R"( TOP="$DESTDIR$PREFIX")");
  REQUIRE(xaas::write_file(source->path() / "Makefile", "PREFIX ?= /usr/local\nprefix := /usr/local\n"));
  CHECK(redirected().empty());
  // once for each variable
  REQUIRE(xaas::write_file(source->path() / "Makefile", "ifdef X\nTOP=/usr/local\nelse\nTOP=/usr/local\nendif\n"));
  CHECK(redirected() == command + R"( TOP="$DESTDIR$PREFIX")");
  // make reads this one instead
  REQUIRE(xaas::write_file(source->path() / "GNUmakefile", "all: ;\n"));
  CHECK(redirected().empty());
}
