#include <catch2/catch.hpp>

#include "lower/missing_symbols.h"
#include "tests/unit/lower_support.h"

namespace {

using xaas::MissingSymbol;
using xaas::test::compile_c;
using xaas::test::good;

}  // namespace

TEST_CASE("a symbol that libc lacks is named with its version, its units and the oldest libc that has it") {
  const std::vector<MissingSymbol> one = {{"fsopen", "GLIBC_2.36", {"mount.o"}}};
  CHECK(xaas::describe(one) == "fsopen@GLIBC_2.36 (mount.o)");
  CHECK(xaas::describe_oldest_libc(one, "this host", "GLIBC_2.31") ==
        ": glibc 2.36 is the oldest that has it, and that of this host has versions up to 2.31");
  CHECK(xaas::describe_oldest_libc(one, "this host", "") == ": glibc 2.36 is the oldest that has it");

  const std::vector<MissingSymbol> many = {{"fsopen", "GLIBC_2.9", {"a.o", "b.o", "c.o", "d.o"}},
                                           {"memcpy", "GLIBC_2.14"},
                                           {"c", "GLIBC_2.2.5"},
                                           {"d", "GLIBC_2.3"},
                                           {"e", "GLIBC_2.3"},
                                           {"f", "GLIBC_2.3"}};
  CHECK(xaas::describe(many) ==
        "fsopen@GLIBC_2.9 (a.o, b.o and 2 more), memcpy@GLIBC_2.14, c@GLIBC_2.2.5, d@GLIBC_2.3 and 2 more");
  CHECK(xaas::describe_oldest_libc(many, "the described host", "GLIBC_2.5") ==
        ": glibc 2.14 is the oldest that has them, and that of the described host has versions up to 2.5");
  CHECK(xaas::describe_oldest_libc({{"f", "GLIBCXX_3.4"}}, "this host", "GLIBC_2.5").empty());
}

TEST_CASE("what a baseline needs and no library has is named with the units that its recipe says", "[compiler]") {
  const xaas::TempDirectory directory = xaas::test::scratch();
  // A library as it was: without the version, with one of the functions.
  const auto library = [&](const std::string& functions, const std::string& version) {
    good(xaas::write_file(directory.path() / "map", version + " { " + functions + " };"));
    const std::string bytes = compile_c("void fsopen(void) {} void fspick(void) {} void exp10(void) {}",
                                        fmt::format("-shared -fPIC -nostdlib -fno-builtin -Wl,-soname,libc.so.6 "
                                                    "-Wl,--version-script={}/map",
                                                    directory.path().string()));
    return bytes;
  };
  good(xaas::write_file(directory.path() / "libnew.so", library("global: *;", "GLIBC_2.36")));
  const std::string baseline = compile_c(
      "void fsopen(void), fspick(void), exp10(void); int main(void) { fsopen(); fspick(); exp10(); return 0; }",
      fmt::format("-fno-builtin -nostdlib -Wl,-e,main {}/libnew.so", directory.path().string()));

  xaas::test::ImageBuilder builder(directory.path() / "demo.xaas");
  builder.add(std::string(xaas::kManifestPath), to_json(xaas::test::small_manifest()));
  builder.add("lib/libc.so.6", library("global: exp10; local: *;", "GLIBC_2.2.5"));
  builder.finish();
  const auto image = good(xaas::Image::open(directory.path() / "demo.xaas"));
  xaas::LibraryInterfaces interfaces(*image, *xaas::this_host(), xaas::test::kTriple);
  xaas::Recipe recipe;
  recipe.newer_symbols = {{"fsopen", {"mount.c", "native.o"}}, {"other", {"other.c"}}};
  const xaas::ElfFile elf = good(xaas::ElfFile::parse(baseline));
  const auto lack = good(find_lack(elf, recipe, {{"libc.so.6", "lib/libc.so.6", true}}, interfaces));
  CHECK(lack.versions == std::vector<std::string>{"GLIBC_2.36"});
  CHECK(xaas::describe(lack.symbols) == "fsopen@GLIBC_2.36 (mount.c, native.o), fspick@GLIBC_2.36");
  // A recipe of an image that was made before.
  CHECK(xaas::describe(good(find_lack(elf, {}, {{"libc.so.6", "lib/libc.so.6", true}}, interfaces)).symbols) ==
        "fsopen@GLIBC_2.36, fspick@GLIBC_2.36");
  CHECK(good(find_lack(elf, recipe, {}, interfaces)).versions.empty());
}
