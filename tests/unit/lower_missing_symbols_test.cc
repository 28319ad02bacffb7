#include <catch2/catch.hpp>

#include "lower/missing_symbols.h"
#include "tests/unit/lower_support.h"

namespace {

using xaas::Digest;
using xaas::MissingSymbol;
using xaas::test::compile_c;
using xaas::test::good;

constexpr const char* kCalls = "int fsopen(int); int fspick(int); int f(int x) { return fsopen(x) + fspick(x); }";

}  // namespace

TEST_CASE("a symbol that libc lacks is named with its version, its units and the oldest libc that has it") {
  const std::vector<MissingSymbol> one = {{"fsopen", "GLIBC_2.36", {"mount.o"}}};
  CHECK(xaas::describe(one) == "fsopen@GLIBC_2.36 (mount.o)");
  CHECK(xaas::describe_oldest_libc(one, "this host", "GLIBC_2.31") ==
        "glibc 2.36 is the oldest that has it, and that of this host has versions up to 2.31");
  CHECK(xaas::describe_oldest_libc(one, "this host", "") == "glibc 2.36 is the oldest that has it");

  const std::vector<MissingSymbol> many = {{"fsopen", "GLIBC_2.9", {"a.o", "b.o", "c.o", "d.o"}},
                                           {"memcpy", "GLIBC_2.14"},
                                           {"c", "GLIBC_2.2.5"},
                                           {"d", "GLIBC_2.3"},
                                           {"e", "GLIBC_2.3"},
                                           {"f", "GLIBC_2.3"}};
  CHECK(xaas::describe(many) ==
        "fsopen@GLIBC_2.9 (a.o, b.o and 2 more), memcpy@GLIBC_2.14, c@GLIBC_2.2.5, d@GLIBC_2.3 and 2 more");
  CHECK(xaas::describe_oldest_libc(many, "the described host", "GLIBC_2.5") ==
        "glibc 2.14 is the oldest that has them, and that of the described host has versions up to 2.5");
  CHECK(xaas::describe_oldest_libc({{"f", "GLIBCXX_3.4"}}, "this host", "GLIBC_2.5").empty());
}

TEST_CASE("the units that need a symbol are found among units, native objects and members of archives", "[compiler]") {
  const xaas::TempDirectory directory = xaas::test::scratch();
  xaas::test::ImageBuilder builder(directory.path() / "demo.xaas");
  builder.add(std::string(xaas::kManifestPath), to_json(xaas::test::small_manifest()));
  const auto unit = [&](const std::string& name, const std::string& source) {
    const std::string bitcode = compile_c(source, "-O2 -flto -c");
    builder.add_unindexed(xaas::ir_path(Digest::of(bitcode)), bitcode);
    return xaas::IrInput{Digest::of(bitcode), name, {}};
  };
  const auto object = [&](const std::string& name, const std::string& bytes) {
    builder.add_unindexed(xaas::object_path(Digest::of(bytes)), bytes);
    return xaas::ObjectInput{Digest::of(bytes), name};
  };
  xaas::Recipe recipe;
  recipe.triple = xaas::test::kTriple;
  recipe.arguments = {
      unit("calls.o", kCalls), unit("defines.o", "int fsopen(int x) { return x; }"),
      object("native.o", compile_c(std::string(kCalls) + "int g;", "-c")), object("libwhole.a", "!<arch>\n"),
      xaas::ArchiveInput{"libparts.a", {unit("member.o", "int fspick(int); int g(void) { return fspick(2); }")}}};
  builder.finish();
  const auto image = good(xaas::Image::open(directory.path() / "demo.xaas"));

  std::vector<MissingSymbol> symbols = {{"fsopen", "GLIBC_2.36"}, {"fspick", "GLIBC_2.36"}, {"none", "GLIBC_2.36"}};
  REQUIRE(find_units(*image, recipe, symbols));
  CHECK(symbols[0].units == std::vector<std::string>{"calls.o", "native.o"});
  CHECK(symbols[1].units == std::vector<std::string>{"calls.o", "native.o", "member.o"});
  CHECK(symbols[2].units.empty());
}
