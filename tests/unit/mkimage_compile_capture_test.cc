// Compiling through the capturing compiler, with the real one behind it.
#include <catch2/catch.hpp>
#include <filesystem>

#include "format/base/elf_file.h"
#include "format/base/file.h"
#include "format/base/process.h"
#include "mkimage/capture/captured_unit.h"
#include "mkimage/contents/build_sources.h"
#include "tests/unit/mkimage_capture_support.h"

namespace {

using namespace xaas;
using test::CapturedBuild;
using test::kCallsTwice;
using test::kTwice;
using test::silently;

}  // namespace

TEST_CASE("each of several sources of one command leaves bitcode of its own", "[one-thread]") {
  const CapturedBuild build;
  std::string longer = kTwice;
  for (int i = 0; i < 50; ++i) longer += "int f" + std::to_string(i) + "(int x) { return twice(x) + x; }\n";
  const std::vector<std::string> command = {"-c", build.write("a.c", kCallsTwice), build.write("b.c", longer)};
  const std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::current_path(build.in_build(""));
  CHECK(build.run(command) == 0);
  std::filesystem::current_path(before);
  const auto units = build.units();
  REQUIRE(units.size() == 2);
  for (const UnitRecord& unit : units) {
    const std::string object = read_file(build.in_build(unit.source.ends_with("a.c") ? "a.o" : "b.o")).value();
    CHECK(unit.object == Digest::of(object));
    const std::string bitcode = read_file(build.environment().store().bitcode_path(unit.object)).value();
    CHECK(bitcode == embedded_bitcode(object).value());
  }
}

TEST_CASE("a compiled unit leaves bitcode, its source and its headers, and the object is real", "[one-thread]") {
  const CapturedBuild build;
  build.write("h.h", "#define X 1\n");
  const std::string object = build.compile("a.c", "#include \"h.h\"\nint x(void) { return X; }\n", {"-mavx2"});
  const auto units = build.units();
  REQUIRE(units.size() == 1);
  CHECK(units[0].reason.empty());
  CHECK(units[0].machine_options == std::vector<std::string>{"-mavx2"});
  CHECK(std::ranges::any_of(units[0].headers, [](const std::string& name) { return name.ends_with("h.h"); }));
  const std::string bytes = read_file(object).value();
  CHECK(units[0].object == Digest::of(bytes));
  CHECK(read_file(build.environment().store().bitcode_path(units[0].object)).value().starts_with("BC"));
  CHECK(ElfFile::parse(bytes).value().find_section(".text") != nullptr);
}

TEST_CASE("what cannot be captured compiles as ever and says why", "[one-thread]") {
  const CapturedBuild build;
  build.compile("a.c", kTwice, {"-fsanitize=undefined"});
  build.compile("b.S", ".globl b\nb: ret\n");
  const auto units = build.units();
  REQUIRE(units.size() == 2);
  for (const UnitRecord& unit : units) CHECK((unit.reason == "assembly" || unit.reason == "-fsanitize=undefined"));
}

TEST_CASE("a unit that only compiles as the project asked stays native", "[one-thread]") {
  const CapturedBuild build;
  build.compile("a.c", "#ifdef __FXSR__\nint ok;\n#else\n#error needs fxsr\n#endif\n");
  const auto units = build.units();
  REQUIRE(units.size() == 1);
  CHECK(units[0].reason.find("needs fxsr") != std::string::npos);
}

TEST_CASE("a failed compile gives the compiler's status and leaves no record", "[one-thread]") {
  const CapturedBuild build;
  CHECK(silently([&] { return build.run({"-c", build.write("bad.c", "nonsense"), "-o", build.in_build("bad.o")}); }) ==
        1);
  CHECK(build.units().empty());
}

TEST_CASE("a project that calls GCC gets it for what clang cannot compile", "[one-thread]") {
  const auto gcc = find_program("gcc");
  if (!gcc) return;
  const CapturedBuild build;
  const std::string nested =
      build.write("a.c", "int main(void) {\n  int one(void) { return 1; }\n  return one() - 1;\n}\n");
  const std::string object = build.in_build("a.o");
  CHECK(silently([&] { return build.run({"-c", nested, "-o", object}); }) != 0);
  REQUIRE(build.run({"-c", nested, "-o", object}, gcc->string()) == 0);
  REQUIRE(build.units().size() == 1);
  CHECK(build.units()[0].reason.starts_with("does not compile with clang"));
  CHECK(build.run({nested, "-o", build.in_build("program")}, gcc->string()) == 0);
  CHECK(run_program({build.in_build("program")})->ok());
  CHECK(silently([&] { return build.run({"-c", build.write("b.c", "nonsense"), "-o", object}, gcc->string()); }) == 1);
}

TEST_CASE("the headers behind a precompiled header are sources of the build", "[one-thread]") {
  const CapturedBuild build;
  build.write("inner.h", "#define X 0\n");
  const std::string header = build.write("all.h", "#include \"inner.h\"\n");
  const std::string pch = build.in_build("all.h.pch");
  REQUIRE(build.run({"-x", "c-header", header, "-o", pch}) == 0);
  const std::string a =
      build.compile("a.c", "int main(void) { return X; }\n", {"-Xclang", "-include-pch", "-Xclang", pch});
  const auto units = build.units();
  REQUIRE(units.size() == 2);
  const auto sources = build_sources(build.environment(), units, {Digest::of(read_file(a).value())}, ".build");
  for (const char* name : {"a.c", "all.h", "inner.h"}) CHECK(sources.contains(fmt::format(".xaas/src/{}", name)));
}
