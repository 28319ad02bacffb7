// Helpers of the tests of lower/: shell commands that must work, and small programs that are compiled in the test.
#pragma once

#include <cstdlib>
#include <string>
#include <string_view>

#include "tests/unit/format_support.h"

namespace xaas::test {

// Runs a shell command that must succeed.
inline void run(const std::string& command) {
  INFO(command);
  REQUIRE(std::system(command.c_str()) == 0);  // NOLINT(concurrency-mt-unsafe)
}

// Returns the standard output of a shell command that must succeed.
inline std::string output_of(const std::string& command) {
  const TempDirectory directory = scratch();
  const std::filesystem::path file = directory.path() / "output";
  run("{ " + command + "; } > " + file.string());
  return good(read_file(file));
}

// Compiles C source text with clang. Returns the bytes of the result.
inline std::string compile_c(std::string_view source, const std::string& options) {
  const TempDirectory directory = scratch();
  good(write_file(directory.path() / "unit.c", source));
  run("cd " + directory.path().string() + " && clang-19 -std=gnu11 " + options + " unit.c -o result");
  return good(read_file(directory.path() / "result"));
}

}  // namespace xaas::test
