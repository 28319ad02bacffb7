#include <catch2/catch.hpp>
#include <cstdlib>

#include "format/base/file.h"
#include "mkimage/record/capture_environment.h"
#include "tests/unit/format_support.h"

using namespace xaas;
using namespace xaas::test;

// NOLINTBEGIN(concurrency-mt-unsafe): one thread

namespace {

// The tests change the environment. Here it becomes again what it is without a build.
class Cleared {
 public:
  ~Cleared() {
    for (const auto& [name, value] : to_variables({})) ::unsetenv(name.c_str());
  }
};

}  // namespace

TEST_CASE("what a build has cleared comes back from the directory of its compilers while it runs") {
  const Cleared cleared;
  const TempDirectory tools = scratch();
  CaptureEnvironment environment;
  environment.capture = "/captured here";
  environment.configuration = "a\nb";
  environment.levels = {"x86-64-v3", "x86-64-v4"};
  good(write_variables(environment, tools.path()));
  REQUIRE_FALSE(has_capture_variables());
  REQUIRE(restore_variables(tools.path()));
  REQUIRE(has_capture_variables());
  const auto restored = capture_environment();
  REQUIRE(restored);
  CHECK(to_variables(*restored) == to_variables(environment));

  remove_variables(tools.path());
  CHECK_FALSE(restore_variables(tools.path()));
  remove_variables(tools.path());
}

TEST_CASE("a directory of compilers sets no variables but those of a build") {
  const Cleared cleared;
  const TempDirectory tools = scratch();
  CaptureEnvironment environment;
  environment.capture = "/captured";
  good(write_variables(environment, tools.path()));
  const auto entry = std::filesystem::directory_iterator(tools.path())->path();
  using namespace std::literals;
  good(write_file(entry, good(read_file(entry)) + "HOME=/elsewhere\0=x\0y\0"s));
  const std::string home = environment_variable("HOME");
  CHECK(restore_variables(tools.path()));
  CHECK(environment_variable("HOME") == home);
}

TEST_CASE("who is told to capture nothing has the variables") {
  const Cleared cleared;
  for (const auto& [name, value] : without_capture()) ::setenv(name.c_str(), value.c_str(), 1);
  CHECK(has_capture_variables());
  CHECK_FALSE(capture_environment());
}

// NOLINTEND(concurrency-mt-unsafe)
