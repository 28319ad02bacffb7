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
  CHECK(xaas::redirected_install(source->path()).empty());
  REQUIRE(xaas::write_file(source->path() / "Makefile",
                           "PLAT= guess\nINSTALL_TOP= /usr/local  # where\nROOT ?=/usr/local/\nBIN=$(ROOT)/bin\n"
                           "X := /usr/local/x\n\tTOP=/usr/local\nall: ; echo TOP=/usr/local\n"));
  CHECK(xaas::redirected_install(source->path()) ==
        R"(make install INSTALL_TOP="$DESTDIR$PREFIX" ROOT="$DESTDIR$PREFIX")");
  // make reads this one instead
  REQUIRE(xaas::write_file(source->path() / "GNUmakefile", "all: ;\n"));
  CHECK(xaas::redirected_install(source->path()).empty());
}
