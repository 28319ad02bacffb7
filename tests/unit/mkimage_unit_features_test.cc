#include <catch2/catch.hpp>

#include "format/base/process.h"
#include "mkimage/capture/unit_features.h"
#include "mkimage/record/capture_environment.h"

using xaas::feature_difference;

TEST_CASE("the difference of features is what a unit adds and what it takes away") {
  CHECK(feature_difference("+sse,+sse2", "+avx,+sse,+sse2").front() == "+avx");
  CHECK(feature_difference("+sse,+sse2", "+sse") == std::vector<std::string>{"-sse2"});
  CHECK(feature_difference("+sse", "+sse,-avx512f") == std::vector<std::string>{"-avx512f"});
  CHECK(feature_difference("+sse", "+sse").empty());
}

TEST_CASE("the compiler tells which features flags set") {
  const std::string clang = xaas::find_program("clang-19").value().string();
  xaas::UnitFeatureTable table(clang);
  const auto plain = table.lookup(clang, {});
  REQUIRE(plain);
  CHECK(plain->features.empty());
  CHECK(plain->target.cpu.empty());
  const auto avx2 = table.lookup(clang, {"-mavx2"});
  REQUIRE(avx2);
  CHECK(std::ranges::count(avx2->features, "+avx2") == 1);
  const auto cpu = table.lookup(clang, {"-march=x86-64-v3"});
  REQUIRE(cpu);
  CHECK(std::ranges::count(cpu->features, "+bmi2") == 1);
  CHECK_FALSE(table.lookup(clang, {"-mno-such-flag"}));
}

TEST_CASE("units in Fortran have flang's target and the features of the same flags in C") {
  const std::string clang = xaas::find_program("clang-19").value().string();
  const std::string flang = xaas::find_program("flang-new-19").value().string();
  xaas::UnitFeatureTable table(clang);
  const auto plain = table.lookup(flang, {});
  REQUIRE(plain);
  CHECK(plain->target.cpu == "x86-64");
  CHECK(plain->features.empty());
  const auto cpu = table.lookup(flang, {"-march=x86-64-v3"});
  REQUIRE(cpu);
  CHECK(cpu->target.cpu == "x86-64-v3");
  CHECK(std::ranges::count(cpu->features, "+bmi2") == 1);
}

TEST_CASE("names of files do not tell where the build was") {
  xaas::CaptureEnvironment environment;
  environment.source = "/w/src";
  environment.build = "/w/build";
  CHECK(environment.display_name("a/../b.c", "/w/src/lib") == "lib/b.c");
  CHECK(environment.display_name("/w/build/gen.h", "/") == ".build/gen.h");
  CHECK(environment.display_name("../src/x.c", "/w/build") == "x.c");
  CHECK(environment.display_name("/usr/include/stdio.h", "/w/src") == "/usr/include/stdio.h");
}
