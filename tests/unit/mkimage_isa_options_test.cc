#include <algorithm>
#include <catch2/catch.hpp>

#include "format/base/process.h"
#include "mkimage/reuse/isa_options.h"

TEST_CASE("the features that options name are sorted, and the compiler knows them all") {
  const auto features = xaas::isa_features();
  CHECK(std::ranges::adjacent_find(features, std::ranges::greater_equal()) == features.end());
  std::vector<std::string> command = {"clang-19", "-Werror", "-fsyntax-only", "-x", "c", "/dev/null"};
  for (const std::string_view feature : features) command.push_back("-m" + std::string(feature));
  const auto answer = xaas::run_and_read(command);
  REQUIRE(answer);
  CHECK(answer->error.empty());
  CHECK(answer->status.ok());
}

TEST_CASE("options for what a CPU can execute are told from other options") {
  for (const char* option : {"-mavx2", "-msse4.1", "-march=haswell", "-mfma"}) CHECK(xaas::is_isa_option(option));
  for (const char* option : {"-mcx16", "-mno-avx2", "-mlong-double-64", "-mcmodel=large", "-mtune=haswell", "-m32",
                             "-mavx2x", "-mprefer-vector-width=512", "mavx2", "-O2"}) {
    CHECK_FALSE(xaas::is_isa_option(option));
  }
  using Arguments = std::vector<std::string>;
  using Commands = std::vector<Arguments>;
  CHECK(xaas::with_less_isa_options({"-O2", "-mavx2", "-c", "a.c"}) ==
        Commands{{"-O2", "-c", "a.c"}, {"-msse3", "-O2", "-c", "a.c"}});
  CHECK(xaas::with_less_isa_options({"-march=haswell", "-c", "a.c"}).front() == Arguments{"-mcx16", "-c", "a.c"});
  CHECK(xaas::with_less_isa_options({"-include", "-mavx2", "-mfma", "a.c"}).front() ==
        Arguments{"-include", "-mavx2", "a.c"});
  CHECK(xaas::with_less_isa_options({"-O2", "-mcx16"}).empty());
  CHECK(xaas::with_less_isa_options({"-mno-avx2", "-mavx2"}).empty());
  CHECK(xaas::with_less_isa_options({"-march=k8", "-mavx"}).empty());
}
